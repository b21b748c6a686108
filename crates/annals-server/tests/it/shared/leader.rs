//! One server drives the groups, and the others say which.

use std::sync::Arc;

use annals_core::MemoryBackend;
use annals_proto::kurrentdb::{
    Empty,
    persistent_subscriptions::{ListReq, ReplayParkedReq, TruncateParkedReq, list_req},
};
use tonic::{Code, Status};

use super::{LONG, server};
use crate::{
    persistent::trial::{Client, changed, of_stream, settings},
    running::Running,
};

fn trailer(status: &Status, name: &str) -> String {
    let value = status.metadata().get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

/// Checks that a call was sent to the leader.
fn check_sent<T>(call: &str, answer: Result<T, Status>, leader: &Running) {
    let status = answer.err().unwrap_or_else(|| panic!("{call} was answered"));
    assert_eq!(status.code(), Code::NotFound, "{call}: {status:?}");
    assert_eq!(status.message(), "Leader info available", "{call}");
    assert_eq!(trailer(&status, "exception"), "not-leader", "{call}");
    let address = leader.address();
    assert_eq!(trailer(&status, "leader-endpoint-host"), address.ip().to_string(), "{call}");
    assert_eq!(trailer(&status, "leader-endpoint-port"), address.port().to_string(), "{call}");
}

#[tokio::test]
async fn every_call_about_groups_is_sent_to_the_server_that_drives_them() {
    let store = Arc::new(MemoryBackend::new());
    let (first, _) = server(&store, LONG).await;
    let mut leader = Client::of(&first).await;
    leader.create(of_stream("s", settings())).await.unwrap();
    let (second, _) = server(&store, LONG).await;
    let mut other = Client::of(&second).await;
    check_sent("create", other.create(of_stream("s", settings())).await, &first);
    check_sent("update", other.update(changed("s", <_>::default())).await, &first);
    check_sent("delete", other.delete("s").await, &first);
    check_sent("read", other.read("s", 1).await.map(|_| ()), &first);
    check_sent("get_info", other.info("s").await, &first);
    check_sent("replay", other.0.replay_parked(ReplayParkedReq::default()).await, &first);
    check_sent("truncate", other.0.truncate_parked(TruncateParkedReq::default()).await, &first);
    let all = list_req::Options {
        list_option: Some(list_req::options::ListOption::ListAllSubscriptions(Empty {})),
    };
    check_sent("list", other.0.list(ListReq { options: Some(all) }).await, &first);
    check_sent("restart", other.0.restart_subsystem(Empty {}).await, &first);
    assert_eq!(leader.info("s").await.unwrap().event_source, "s");
}

#[tokio::test]
async fn a_store_that_no_other_server_can_have_holds_no_lease() {
    let running = Running::start().await;
    Client::of(&running).await.create(of_stream("s", settings())).await.unwrap();
    let store = running.stop().await;
    let (kind, name) = (annals_core::StateKind::Lease, "");
    let leases = annals_core::Backend::states(store.as_ref(), kind, name);
    assert_eq!(futures_lite::StreamExt::count(leases).await, 0);
    let stream = crate::running::name("$persistentSubscriptionLeader");
    let info = annals_core::Backend::stream_info(store.as_ref(), &stream).await.unwrap();
    assert_eq!(info.last_version, None);
}
