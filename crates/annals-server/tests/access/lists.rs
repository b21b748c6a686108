//! Access lists of streams, and what counts without them.

use annals_core::Acl;

use crate::harness::{
    OPS_PASSWORD, Running, all_read, append, assert_denied, delete, read, stream_read,
};

fn only(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|&name| name.to_owned()).collect())
}

#[tokio::test]
async fn without_lists_users_streams_are_for_all_users_and_the_systems_for_administrators() {
    let server = Running::secured().await;
    let ann = server.connect_as_new("ann").await;
    append(&ann, "account-1", "opened", "{}").await.unwrap();
    read(&ann, stream_read("account-1")).await.unwrap();
    append(&ann, "$$account-1", "$metadata", "{}").await.unwrap();
    read(&ann, stream_read("$$account-1")).await.unwrap();
    delete(&ann, "account-1").await.unwrap();
    assert_denied(append(&ann, "$stats", "counted", "{}").await);
    assert_denied(read(&ann, stream_read("$users")).await);
    assert_denied(read(&ann, stream_read("$$$settings")).await);
    assert_denied(append(&ann, "$settings", "update-default-acl", "{}").await);
    assert_denied(read(&ann, all_read()).await);
    let ops = server.connect_as("ops", OPS_PASSWORD).await;
    assert_denied(read(&ops, stream_read("$users")).await);
    let admin = server.connect_as_admin().await;
    read(&admin, stream_read("$users")).await.unwrap();
    assert!(read(&admin, all_read()).await.unwrap().contains(&"$user-ann".to_owned()));
}

#[tokio::test]
async fn each_right_is_for_those_on_its_list_and_for_administrators() {
    let server = Running::secured().await;
    let (ann, bob) = (server.connect_as_new("ann").await, server.connect_as_new("bob").await);
    append(&ann, "account-1", "opened", "{}").await.unwrap();
    let acl = r#"{"$acl":{"$r":["ann","bob"],"$w":"ann","$d":"$admins","$mr":"ann","$mw":"ann"}}"#;
    append(&ann, "$$account-1", "$metadata", acl).await.unwrap();
    append(&ann, "account-1", "changed", "{}").await.unwrap();
    read(&bob, stream_read("account-1")).await.unwrap();
    assert_denied(append(&bob, "account-1", "changed", "{}").await);
    assert_denied(delete(&ann, "account-1").await);
    assert_denied(read(&bob, stream_read("$$account-1")).await);
    assert_denied(append(&bob, "$$account-1", "$metadata", "{}").await);
    delete(&server.connect_as_admin().await, "account-1").await.unwrap();
}

#[tokio::test]
async fn a_list_written_through_the_server_counts_from_the_next_call_on() {
    let server = Running::secured().await;
    let admin = server.connect_as_admin().await;
    let ann = server.connect_as_new("ann").await;
    for _ in 0..20 {
        append(&admin, "$$account-1", "$metadata", "{}").await.unwrap();
        append(&ann, "account-1", "changed", "{}").await.unwrap();
        append(&admin, "$$account-1", "$metadata", r#"{"$acl":{"$w":[]}}"#).await.unwrap();
        assert_denied(append(&ann, "account-1", "changed", "{}").await);
    }
}

#[tokio::test]
async fn a_list_that_somebody_else_writes_to_the_store_counts_soon() {
    let server = Running::secured().await;
    let ann = server.connect_as_new("ann").await;
    append(&ann, "account-1", "opened", "{}").await.unwrap();
    server.store_acl("account-1", Acl { write: only(&["$ops"]), ..Acl::default() }).await;
    while append(&ann, "account-1", "changed", "{}").await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_denied(append(&ann, "account-1", "changed", "{}").await);
}

#[tokio::test]
async fn the_settings_change_what_counts_without_a_list() {
    let server = Running::secured().await;
    let admin = server.connect_as_admin().await;
    let ann = server.connect_as_new("ann").await;
    append(&ann, "account-1", "opened", "{}").await.unwrap();
    let settings = r#"{"$userStreamAcl":{"$r":"$all","$w":"$ops"},
        "$systemStreamAcl":{"$r":"ann"}}"#;
    append(&admin, "$settings", "update-default-acl", settings).await.unwrap();
    assert_denied(append(&ann, "account-1", "changed", "{}").await);
    read(&ann, stream_read("account-1")).await.unwrap();
    read(&ann, stream_read("$users")).await.unwrap();
    let all = read(&ann, all_read()).await.unwrap();
    assert!(all.contains(&"account-1".to_owned()));
    assert!(!all.iter().any(|stream| stream.starts_with("$user-")), "{all:?}");
    assert_denied(read(&ann, stream_read("$user-admin")).await);
}

#[tokio::test]
async fn a_link_does_not_lead_past_a_list() {
    let server = Running::secured().await;
    let ann = server.connect_as_new("ann").await;
    append(&ann, "open-1", "opened", "{}").await.unwrap();
    append(&ann, "closed-1", "opened", "{}").await.unwrap();
    server.store_acl("closed-1", Acl { read: only(&["$admins"]), ..Acl::default() }).await;
    for target in ["0@open-1", "0@closed-1", "0@$user-admin"] {
        append(&ann, "links", "$>", target).await.unwrap();
    }
    let links = read(&ann, stream_read("links")).await.unwrap();
    assert_eq!(links, ["open-1", "-", "-"]);
    let admin = server.connect_as_admin().await;
    let links = read(&admin, stream_read("links")).await.unwrap();
    assert_eq!(links, ["open-1", "closed-1", "-"], "hashes are read where they are, or not");
}
