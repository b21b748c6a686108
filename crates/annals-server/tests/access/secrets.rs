//! What is never shown: passwords, keys and their hashes.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use annals_core::{Backend, Read, ReadStream};
use annals_server::{KeyAccess, Keys, Options, Security};
use futures_util::StreamExt;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{
    ADMIN_PASSWORD, Running, append, basic, create_user, name, read, secured, stream_read,
};

/// Everything that is logged, in all detail.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_has_a_password_a_key_or_a_hash_in_it() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // For all threads: what is logged depends on what others listened to when it was first met.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = Running::secured().await;
    let admin = server.connect_as_admin().await;
    create_user(&admin, "ann", "ann's own password", &[]).await.unwrap();
    append(&admin, "account-1", "opened", "{}").await.unwrap();
    let wrong = server.connect_as("ann", "a wrong password").await;
    read(&wrong, stream_read("account-1")).await.unwrap_err();
    let key = Keys::new(server.store.clone()).create("shop", KeyAccess::ReadOnly).await.unwrap();
    let bearer = format!("Bearer {}", key.reveal());
    read(&server.connect().await.with_authorization(&bearer), stream_read("x")).await.unwrap();
    let stored = server.store.read(Read::Stream(ReadStream::new(name("$user-ann")))).next().await;
    let stored: serde_json::Value = serde_json::from_slice(&stored.unwrap().unwrap().data).unwrap();
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.lines().count() > 10, "the log is collected: {log}");
    for secret in [
        ADMIN_PASSWORD,
        "ann's own password",
        "a wrong password",
        key.reveal(),
        stored["Hash"].as_str().unwrap(),
        basic("admin", ADMIN_PASSWORD).trim_start_matches("Basic "),
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "`{secret}` is in the log");
    }
}

#[tokio::test]
async fn options_and_servers_do_not_show_passwords() {
    let options = Options { security: Security::Secured(secured()), ..Options::default() };
    let shown = format!("{options:?}");
    assert!(!shown.contains(ADMIN_PASSWORD), "{shown}");
    let listen = "127.0.0.1:0".parse().unwrap();
    let store: Arc<dyn Backend> = Arc::new(annals_core::MemoryBackend::new());
    let mut server =
        annals_server::Server::bind(store, Options { listen, ..options }).await.unwrap();
    let shown = format!("{server:?}");
    assert!(!shown.contains(ADMIN_PASSWORD), "{shown}");
    assert!(server.take_accounts().is_empty());
}
