//! Encrypted connections.

use annals_proto::kurrentdb::Empty;
use annals_server::{Secured, Security};
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    client::{Client, encrypted, encrypted_as, plain},
    harness::{ADMIN_PASSWORD, Certificates, Running, append, basic, secured},
};

async fn server(certificates: &Certificates) -> Running {
    let tls = Some(certificates.files());
    Running::new(Security::Secured(Secured { tls, ..secured() })).await
}

/// The certificate that the server shows now.
async fn shown(server: &Running, certificates: &Certificates) -> CertificateDer<'static> {
    let socket = encrypted(server.address, &certificates.authority).await.unwrap();
    socket.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_connects_and_one_that_does_not_is_refused() {
    let certificates = Certificates::new();
    let server = server(&certificates).await;
    let client = server.connect_encrypted(&certificates).await;
    let client = client.with_authorization(&basic("admin", ADMIN_PASSWORD));
    append(&client, "account-1", "opened", "{}").await.unwrap();
    let stranger = Certificates::new();
    let refused = encrypted(server.address, &stranger.authority).await.unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[tokio::test]
async fn a_client_without_encryption_gets_nowhere() {
    let certificates = Certificates::new();
    let server = server(&certificates).await;
    let client = Client::over(plain(server.address).await.unwrap()).await;
    match client {
        Ok(client) => drop(client.gossip().read(Empty {}).await.unwrap_err()),
        Err(refused) => drop(refused),
    }
}

#[tokio::test]
async fn http_1_is_spoken_on_the_same_port() {
    let certificates = Certificates::new();
    let server = server(&certificates).await;
    let authority = &certificates.authority;
    let mut socket = encrypted_as(server.address, authority, b"http/1.1").await.unwrap();
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let request = "GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}

#[tokio::test]
async fn a_new_certificate_is_used_and_a_broken_one_is_not() {
    let certificates = Certificates::new();
    let server = server(&certificates).await;
    let first = shown(&server, &certificates).await;
    let second = certificates.replace();
    assert_ne!(first, second);
    while shown(&server, &certificates).await != second {
        tokio::task::yield_now().await;
    }
    std::fs::write(certificates.path("server.pem"), "no certificate").unwrap();
    // Longer than it takes to look at the files again.
    let begin = std::time::Instant::now();
    while begin.elapsed() < std::time::Duration::from_millis(1_500) {
        assert_eq!(shown(&server, &certificates).await, second);
    }
    let third = certificates.replace();
    while shown(&server, &certificates).await != third {
        tokio::task::yield_now().await;
    }
}
