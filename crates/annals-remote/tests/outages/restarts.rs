//! Servers that stop, and come back on the same port.

use std::{path::Path, sync::Arc, thread, time::Duration};

use annals_core::{
    Append, Backend, Delivery, ErrorKind, MemoryBackend, Query, Retry, Subscribe, SubscribeStart,
};
use annals_engine::{Embedded, Options as EngineOptions};
use annals_remote::{Options, Remote};
use futures_lite::StreamExt;

use crate::{append, block_on, connect, free, from_beginning, next_data, served::Running};

const LONG: Duration = Duration::from_secs(60);

fn embedded(folder: &Path) -> Arc<dyn Backend> {
    Arc::new(Embedded::open(folder, EngineOptions::default()).unwrap())
}

#[test]
fn subscribers_and_writers_go_on_over_restarts_without_a_gap_or_a_repeat() {
    const COUNT: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let mut server = Running::start(embedded(folder.path()), free());
    let address = server.address();
    let remote = connect(&server.url(), LONG);
    let mut all = remote.subscribe(from_beginning());
    let start = SubscribeStart::Beginning;
    let mut one = remote.subscribe(Subscribe::stream(crate::stream(), start));
    let expected: Vec<_> = (0..COUNT).map(|number| number.to_string()).collect();
    let _server = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for data in &expected {
                block_on(remote.append(append([data.clone()]))).unwrap();
            }
        });
        // The server stops whenever a subscriber has seen more.
        let mut seen = Vec::new();
        while seen.len() < COUNT {
            seen.extend(next_data(&mut all, 15));
            // In turn in the middle of its work, and in good order.
            if seen.len() % 2 == 1 {
                server.kill();
            } else {
                drop(server);
            }
            server = Running::start(embedded(folder.path()), address);
        }
        writing.join().unwrap();
        assert_eq!(seen, expected);
        server
    });
    assert_eq!(next_data(&mut one, COUNT), expected);
}

#[test]
fn a_subscription_that_missed_something_says_so_and_one_that_did_not_keeps_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(embedded(folder.path()), free());
    let address = server.address();
    let remote = connect(&server.url(), LONG);
    block_on(remote.append(append(["a".to_owned()]))).unwrap();
    let mut following = remote.subscribe(from_beginning());
    let mut next = || block_on(following.next()).unwrap().unwrap();
    assert!(matches!(next(), Delivery::Event(_)));
    assert!(matches!(next(), Delivery::CaughtUp { .. }));
    drop(server);

    let store = embedded(folder.path());
    block_on(store.append(append(["b".to_owned()]))).unwrap();
    let server = Running::start(store, address);
    assert!(matches!(next(), Delivery::FellBehind { .. }));
    assert!(matches!(next(), Delivery::Event(event) if event.data == "b"));
    assert!(matches!(next(), Delivery::CaughtUp { .. }));
    drop(server);

    let _server = Running::start(embedded(folder.path()), address);
    block_on(remote.append(append(["c".to_owned()]))).unwrap();
    let given = next();
    // Whether the append came before or after the new connection is not known.
    if matches!(given, Delivery::FellBehind { .. }) {
        assert!(matches!(next(), Delivery::Event(event) if event.data == "c"));
    } else {
        assert!(matches!(given, Delivery::Event(event) if event.data == "c"));
    }
}

#[test]
fn a_start_at_the_end_stays_where_it_was_when_the_server_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(embedded(folder.path()), free());
    let address = server.address();
    let remote = connect(&server.url(), LONG);
    block_on(remote.append(append(["before".to_owned()]))).unwrap();
    let mut following = remote.subscribe(Subscribe::all(Query::all(), SubscribeStart::End));
    let first = block_on(following.next()).unwrap().unwrap();
    assert!(matches!(first, Delivery::CaughtUp { .. }));
    drop(server);
    let store = embedded(folder.path());
    block_on(store.append(append(["missed".to_owned()]))).unwrap();
    let _server = Running::start(store, address);
    assert_eq!(next_data(&mut following, 1), ["missed"]);
}

#[test]
fn a_subscription_ends_when_the_server_has_another_store() {
    let server = Running::start(Arc::new(MemoryBackend::new()), free());
    let address = server.address();
    let remote = connect(&server.url(), LONG);
    block_on(remote.append(append(["a".to_owned(), "b".to_owned()]))).unwrap();
    let mut following = remote.subscribe(from_beginning());
    next_data(&mut following, 2);
    drop(server);
    let _server = Running::start(Arc::new(MemoryBackend::new()), address);
    let error = loop {
        match block_on(following.next()).expect("it ends with an error") {
            Ok(delivery) => assert!(!matches!(delivery, Delivery::Event(_))),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert!(error.to_string().contains("another store"), "{error}");
    assert!(block_on(following.next()).is_none());
}

#[test]
fn what_is_asked_while_the_server_is_away_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(embedded(folder.path()), free());
    let address = server.address();
    let remote = connect(&server.url(), LONG);
    drop(server);
    thread::scope(|scope| {
        let appending = scope.spawn(|| block_on(remote.append(append(["a".to_owned()]))));
        let asking = scope.spawn(|| block_on(remote.head()));
        let _server = Running::start(embedded(folder.path()), address);
        assert!(!appending.join().unwrap().unwrap().duplicate);
        asking.join().unwrap().unwrap();
        assert_eq!(block_on(remote.info()).unwrap().events, 1);
    });
}

#[test]
fn a_server_that_cannot_be_reached_has_stored_nothing() {
    let server = Running::start(Arc::new(MemoryBackend::new()), free());
    let url = server.url();
    let remote = connect(&url, Duration::ZERO);
    drop(server);
    let error = block_on(remote.append(append(["a".to_owned()]))).unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Later), "{error}");
    assert!(error.to_string().contains("nothing was written"), "{error}");
    let error = block_on(remote.append(Append::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "what is wrong is told without a server");
    let error = block_on(Remote::open(&url, Options::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[test]
fn a_client_that_encrypts_is_told_that_the_server_does_not() {
    let server = Running::start(Arc::new(MemoryBackend::new()), free());
    let url = server.url().replace("?tls=false", "");
    let error = block_on(Remote::open(&url, Options::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("`tls=false`"), "{error}");
}

#[test]
fn a_client_that_does_not_encrypt_is_told_that_the_server_may() {
    // What a server that encrypts does: it hangs up on who speaks plainly.
    let listener = std::net::TcpListener::bind(free()).unwrap();
    let url = format!("annals://{}?tls=false", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().for_each(drop));
    let error = block_on(Remote::open(&url, Options::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("leave `tls=false` out"), "{error}");
}
