//! Logging in.

use std::sync::Arc;

use annals_core::MemoryBackend;
use annals_proto::kurrentdb::Empty;
use annals_server::{Anonymous, Options, Secured, Security, Server};

use crate::harness::{
    Running, append, assert_denied, assert_unauthenticated, basic, create_user, read, secured,
    stream_read,
};

#[tokio::test]
async fn nobody_comes_in_without_credentials_but_to_ask_where_the_server_is() {
    let server = Running::secured().await;
    let client = server.connect().await;
    assert_unauthenticated(read(&client, stream_read("account-1")).await);
    assert_unauthenticated(append(&client, "account-1", "opened", "{}").await);
    assert_unauthenticated(create_user(&client, "eve", "eve", &["$admins"]).await);
    client.gossip().read(Empty {}).await.unwrap();
    assert_eq!(client.get("/health/live").await, 204);
    assert_eq!(client.get("/info").await, 200);
    assert_eq!(client.get("/anything").await, 401);
}

#[tokio::test]
async fn only_operators_see_with_which_options_the_server_runs() {
    let server = Running::secured().await;
    let admin = server.connect_as_admin().await;
    create_user(&admin, "ann", "ann", &[]).await.unwrap();
    create_user(&admin, "olga", "olga", &["$ops"]).await.unwrap();
    assert_eq!(server.connect().await.get("/info/options").await, 401);
    assert_eq!(server.connect_as("ann", "ann").await.get("/info/options").await, 403);
    assert_eq!(server.connect_as("olga", "olga").await.get("/info/options").await, 200);
    assert_eq!(admin.get("/info/options").await, 200);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
    let server = Running::secured().await;
    let client = server.connect().await;
    let mut messages = Vec::new();
    for (login, password) in [("admin", "wrong"), ("nobody", "wrong"), ("$admins", ""), ("", "")] {
        let client = client.with_authorization(&basic(login, password));
        let status = read(&client, stream_read("account-1")).await.unwrap_err();
        messages.push(status.message().to_owned());
        assert_unauthenticated::<()>(Err(status));
        assert_eq!(client.get("/health/live").await, 401, "wrong is not the same as none");
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[tokio::test]
async fn a_right_password_counts_for_every_call() {
    let server = Running::secured().await;
    let client = server.connect_as_admin().await;
    for _ in 0..3 {
        append(&client, "account-1", "opened", "{}").await.unwrap();
    }
    assert_eq!(read(&client, stream_read("account-1")).await.unwrap().len(), 3);
    assert_eq!(client.get("/ping").await, 200);
}

#[tokio::test]
async fn on_an_insecure_server_credentials_do_not_count_and_users_are_kept_all_the_same() {
    let server = Running::new(Security::Insecure).await;
    let client = server.connect_as("nobody", "wrong").await;
    append(&client, "account-1", "opened", "{}").await.unwrap();
    create_user(&client, "ann", "ann", &[]).await.unwrap();
    assert_eq!(read(&client, stream_read("$user-ann")).await.unwrap(), ["$user-ann"]);
}

#[tokio::test]
async fn anonymous_callers_get_what_lists_give_to_everybody_where_that_is_wanted() {
    let secured = Secured { anonymous: Anonymous::AsListed, ..secured() };
    let server = Running::new(Security::Secured(secured)).await;
    let client = server.connect().await;
    append(&client, "account-1", "opened", "{}").await.unwrap();
    assert_denied(read(&client, stream_read("$users")).await);
    assert_denied(create_user(&client, "eve", "eve", &["$admins"]).await);
}

#[tokio::test]
async fn the_first_start_gives_generated_passwords_once_and_they_work() {
    let store = Arc::new(MemoryBackend::new());
    let security = Security::Secured(Secured::default());
    let listen = "127.0.0.1:0".parse().unwrap();
    let options = Options { listen, security: security.clone(), ..Options::default() };
    let mut server = Server::bind(Arc::clone(&store) as _, options).await.unwrap();
    let accounts = server.take_accounts();
    let logins: Vec<_> = accounts.iter().map(|account| account.login.as_str()).collect();
    assert_eq!(logins, ["admin", "ops"]);
    assert!(accounts.iter().all(|account| account.password.reveal().len() >= 24));
    assert!(server.take_accounts().is_empty());
    let server = Running::over(store, security).await;
    let client = server.connect_as("admin", accounts[0].password.reveal()).await;
    assert_eq!(read(&client, stream_read("$users")).await.unwrap().len(), 2);
}
