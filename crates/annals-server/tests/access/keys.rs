//! API keys.

use annals_server::{KeyAccess, Keys, Secured, Security, key_for_file};

use crate::harness::{
    Running, all_read, append, assert_denied, assert_unauthenticated, create_user, delete, read,
    secured, stream_read,
};

#[tokio::test]
async fn a_key_reads_and_writes_what_is_not_the_systems() {
    let server = Running::secured().await;
    let keys = Keys::new(server.store.clone());
    let key = keys.create("shop", KeyAccess::ReadWrite).await.unwrap();
    let client = server.connect().await.with_authorization(&format!("Bearer {}", key.reveal()));
    append(&client, "account-1", "opened", "{}").await.unwrap();
    assert_eq!(read(&client, stream_read("account-1")).await.unwrap(), ["account-1"]);
    let all = read(&client, all_read()).await.unwrap();
    assert!(all.contains(&"account-1".to_owned()));
    let is_secret = |stream: &String| stream.starts_with("$user-") || stream.starts_with("$api-");
    assert!(!all.iter().any(is_secret), "{all:?}");
    assert_denied(read(&client, stream_read("$users")).await);
    assert_denied(read(&client, stream_read("$api-key-shop")).await);
    assert_denied(create_user(&client, "eve", "eve", &["$admins"]).await);
    delete(&client, "account-1").await.unwrap();
}

#[tokio::test]
async fn a_key_for_reading_changes_nothing() {
    let server = Running::secured().await;
    let keys = Keys::new(server.store.clone());
    let key = keys.create("reports", KeyAccess::ReadOnly).await.unwrap();
    let client = server.connect().await.with_authorization(&format!("Bearer {}", key.reveal()));
    read(&client, stream_read("account-1")).await.unwrap();
    assert_denied(append(&client, "account-1", "opened", "{}").await);
    assert_denied(append(&client, "$$account-1", "$metadata", "{}").await);
    assert_denied(delete(&client, "account-1").await);
}

#[tokio::test]
async fn a_revoked_key_is_refused() {
    let server = Running::secured().await;
    let keys = Keys::new(server.store.clone());
    let key = keys.create("shop", KeyAccess::ReadWrite).await.unwrap();
    let client = server.connect().await.with_authorization(&format!("Bearer {}", key.reveal()));
    read(&client, stream_read("account-1")).await.unwrap();
    // Not through this server, so it takes as long as an event on its way.
    keys.revoke("shop").await.unwrap();
    while read(&client, stream_read("account-1")).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_unauthenticated(read(&client, stream_read("account-1")).await);
    let wrong = server.connect().await.with_authorization("Bearer annals_shop_00");
    assert_unauthenticated(read(&wrong, stream_read("account-1")).await);
}

#[tokio::test]
async fn keys_of_a_file_count_beside_those_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.txt");
    let (key, line) = key_for_file("shop", KeyAccess::ReadWrite).unwrap();
    std::fs::write(&path, line).unwrap();
    let secured = Secured { api_keys: Some(path), ..secured() };
    let server = Running::new(Security::Secured(secured)).await;
    let client = server.connect().await.with_authorization(&format!("Bearer {}", key.reveal()));
    append(&client, "account-1", "opened", "{}").await.unwrap();
}
