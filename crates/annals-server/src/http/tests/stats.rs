//! What the other routes say.

use http::Method;
use serde_json::json;

use super::{Served, ask, metrics};

#[tokio::test]
async fn stats_are_a_tree_and_each_part_of_it() {
    let served = Served::new();
    served.streams().append(metrics::append("account-1", 3)).await.unwrap();
    let stats = served.json("/stats").await;
    assert_eq!(stats["es"]["store"]["backend"], "memory");
    assert_eq!(stats["es"]["store"]["events"], 3);
    assert_eq!(stats["es"]["append"]["results"]["ok"], 1);
    assert_eq!(stats["proc"]["id"], std::process::id());
    let append = "event_store.client.streams.Streams/Append";
    assert_eq!(stats["es"]["grpc"][append], json!({ "OK": 1 }));
    assert_eq!(served.json("/stats/es/append").await, stats["es"]["append"]);
    assert_eq!(served.json("/stats/replication").await, json!([]));
    assert_eq!(served.get("/stats/nothing").await.status.as_u16(), 404);
}

#[tokio::test]
async fn every_route_answers_head_as_it_answers_get() {
    let served = Served::new();
    for path in ["/info", "/gossip", "/ping", "/stats", "/metrics"] {
        let (get, head) = (
            ask(&mut served.router(), Method::GET, path).await,
            ask(&mut served.router(), Method::HEAD, path).await,
        );
        assert_eq!((get.status.as_u16(), head.status.as_u16()), (200, 200), "{path}");
        assert_eq!(get.headers["content-type"], head.headers["content-type"], "{path}");
        assert_eq!(head.text, "", "{path}");
    }
}

#[tokio::test]
async fn info_and_gossip_say_what_clients_read() {
    let served = Served::new();
    let info = served.json("/info").await;
    assert_eq!(info["state"], "leader");
    assert!(info["dbVersion"].is_string() && info["features"].is_object(), "{info}");
    let gossip = served.json("/gossip").await;
    assert_eq!(gossip["members"][0]["isAlive"], true);
    assert_eq!(gossip["members"][0]["httpEndPointPort"], 2113);
}
