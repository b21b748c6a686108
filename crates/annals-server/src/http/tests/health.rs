//! What those who start and watch a server are told.

use http::Method;

use super::{Served, ask};

#[tokio::test]
async fn a_server_lives_and_is_ready_for_get_and_head_alike() {
    let served = Served::new();
    for path in ["/health/live", "/health/ready", "/health/startup"] {
        for method in [Method::GET, Method::HEAD] {
            let answer = ask(&mut served.router(), method, path).await;
            assert_eq!((answer.status.as_u16(), &*answer.text), (204, ""), "{path}");
        }
    }
}

#[tokio::test]
async fn a_prober_may_choose_the_code_for_alive_but_no_error() {
    let served = Served::new();
    for (query, code) in [
        ("liveCode=200", 200),
        ("a=b&liveCode=202", 202),
        ("liveCode=503", 204),
        ("liveCode=x", 204),
    ] {
        let answer = served.get(&format!("/health/live?{query}")).await;
        assert_eq!(answer.status.as_u16(), code, "{query}");
    }
}

#[tokio::test]
async fn a_server_that_stops_is_neither_alive_nor_ready_and_says_why() {
    let served = Served::new();
    served.stop.begin();
    assert_eq!(served.get("/health/live?liveCode=200").await.status.as_u16(), 503);
    let ready = served.get("/health/ready").await;
    assert_eq!(ready.status.as_u16(), 503);
    assert!(ready.text.contains("the server is stopping"), "{}", ready.text);
}

#[tokio::test]
async fn a_server_whose_store_fails_is_alive_but_not_ready() {
    let served = Served::over(super::calls::Broken::new());
    assert!(served.node.store.head().await.is_err());
    assert_eq!(served.get("/health/live").await.status.as_u16(), 204);
    let ready = served.json("/health/ready").await;
    assert_eq!(ready["failing"][0]["check"], "store");
    assert_eq!(ready["failing"][0]["why"], "unavailable");
}
