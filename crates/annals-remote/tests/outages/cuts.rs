//! Connections that are cut under a call.

use std::{sync::Arc, thread, time::Duration};

use annals_core::{Backend, ErrorKind, MemoryBackend, Query, ReadAll, RecordedEvent, Result};
use futures_lite::StreamExt;

use crate::{append, block_on, connect, free, next_data, proxy::Proxy, served::Running, wait_for};

struct Setup {
    store: Arc<dyn Backend>,
    proxy: Proxy,
    _server: Running,
}

fn setup() -> Setup {
    let store: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    let server = Running::start(Arc::clone(&store), free());
    Setup { store, proxy: Proxy::to(server.address()), _server: server }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn an_append_whose_answer_is_lost_is_sent_again_and_stored_once() {
    let setup = setup();
    let remote = connect(&setup.proxy.url(), LONG);
    setup.proxy.drop_answers();
    let appended = thread::scope(|scope| {
        let appending = scope.spawn(|| block_on(remote.append(append(["a".to_owned()]))));
        wait_for(&setup.store, 1);
        setup.proxy.cut();
        appending.join().unwrap().unwrap()
    });
    assert!(appended.duplicate, "the second attempt found the first");
    assert_eq!(block_on(setup.store.head()).unwrap(), appended.position);
}

#[test]
fn without_patience_a_lost_answer_is_a_timeout_that_says_what_may_have_happened() {
    let setup = setup();
    let remote = connect(&setup.proxy.url(), Duration::ZERO);
    let request = append(["a".to_owned()]);
    setup.proxy.drop_answers();
    let error = thread::scope(|scope| {
        let appending = scope.spawn(|| block_on(remote.append(request.clone())));
        wait_for(&setup.store, 1);
        setup.proxy.cut();
        appending.join().unwrap().unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("may have been stored"), "{error}");
    assert!(block_on(remote.append(request)).unwrap().duplicate, "sent again, it is stored once");
}

#[test]
fn a_server_that_never_answers_is_given_up_after_the_time_limit() {
    let setup = setup();
    let url = format!("{}&timeout=200ms", setup.proxy.url());
    let remote = connect(&url, LONG);
    setup.proxy.drop_answers();
    let error = block_on(remote.head()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("200ms"), "{error}");
}

#[test]
fn a_long_read_goes_on_where_it_was_cut_and_gives_nothing_newer_than_its_beginning() {
    let setup = setup();
    let remote = connect(&setup.proxy.url(), LONG);
    // More than is ever on the way at once.
    for _ in 0..8 {
        let data = (0..512).map(|number| format!("{number:>2048}"));
        block_on(setup.store.append(append(data))).unwrap();
    }
    for read in [ReadAll::new(Query::all()), ReadAll::new(Query::all()).backward().limit(4_000)] {
        let expected = read.limit.unwrap_or(8 * 512);
        let mut reading = remote.read(read.into());
        let first: Result<RecordedEvent> = block_on(reading.next()).unwrap();
        let mut last = first.unwrap().position.get();
        let mut count = 1;
        setup.proxy.cut();
        block_on(setup.store.append(append(["late".to_owned()]))).unwrap();
        while let Some(event) = block_on(reading.next()) {
            let position = event.unwrap().position.get();
            assert_eq!(position.abs_diff(last), 1, "no event is left out and none comes twice");
            (last, count) = (position, count + 1);
        }
        assert_eq!(count, expected);
    }
}

#[test]
fn a_subscription_goes_on_where_it_was_cut() {
    let setup = setup();
    let remote = connect(&setup.proxy.url(), LONG);
    let mut following = remote.subscribe(crate::from_beginning());
    for round in 0..5 {
        let data = [format!("{round}a"), format!("{round}b")];
        block_on(setup.store.append(append(data.clone()))).unwrap();
        assert_eq!(next_data(&mut following, 2), data);
        setup.proxy.cut();
    }
}
