//! Encryption and users.

use annals_interop::Secured;
use kurrentdb::{Client, Error, ReadStreamOptions, StreamMetadataBuilder, StreamState};

use crate::{append, events, expecting, versions};

fn login(server: &Secured, user: &str, password: &str) -> Client {
    let (port, authority) = (server.port(), server.authority());
    let place = format!("localhost:{port}?tlsCaFile={}", authority.display());
    let url = format!("kurrentdb://{user}:{password}@{place}");
    Client::new(url.parse().unwrap()).unwrap()
}

#[tokio::test]
async fn who_knows_the_password_reads_and_writes_over_tls() {
    let server = Secured::start().unwrap();
    let client = login(&server, "admin", &server.password("admin").unwrap());
    append(&client, "a-1", 2).await;
    assert_eq!(versions(&client, "a-1", &ReadStreamOptions::default()).await, [0, 1]);
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let server = Secured::start().unwrap();
    let client = login(&server, "admin", "guess");
    let any = expecting(StreamState::Any);
    let refused = client.append_to_stream("a-1", &any, events(1)).await.unwrap_err();
    let is_named = matches!(&refused, Error::AccessDenied)
        || matches!(&refused, Error::Grpc { message, .. } if !message.contains("guess"));
    assert!(is_named, "{refused}");
}

#[tokio::test]
async fn a_list_keeps_others_out() {
    let server = Secured::start().unwrap();
    let of = |user| login(&server, user, &server.password(user).unwrap());
    let (admin, ops) = (of("admin"), of("ops"));
    append(&admin, "a-1", 1).await;
    assert_eq!(versions(&ops, "a-1", &ReadStreamOptions::default()).await, [0]);
    let only_admins = kurrentdb::Acl::Stream(
        kurrentdb::StreamAclBuilder::new().add_read_roles("$admins").build(),
    );
    let metadata = StreamMetadataBuilder::new().acl(only_admins).build();
    let any = expecting(StreamState::Any);
    admin.set_stream_metadata("a-1", &any, &metadata).await.unwrap();
    let read = ops.read_stream("a-1", &ReadStreamOptions::default()).await;
    let refused = match read {
        Ok(mut events) => events.next().await.map(drop).unwrap_err(),
        Err(refused) => refused,
    };
    assert!(matches!(refused, Error::AccessDenied), "{refused}");
    assert_eq!(versions(&admin, "a-1", &ReadStreamOptions::default()).await, [0]);
}
