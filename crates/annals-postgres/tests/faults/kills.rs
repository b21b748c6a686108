//! A server that is killed and paused under many callers, a subscription and a consumer that keeps
//! its progress together with what it writes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use annals_core::{
    Append, Backend, Category, Delivery, ErrorKind, ExpectedVersion, Name, Position, Query,
    QueryItem, Retry, StateKey, Subscribe, SubscribeStart, Version,
};
use annals_postgres::Options;
use annals_testbed::{postgres as testbed, wait_until};
use annals_testkit::History;
use futures_lite::{StreamExt, future::block_on};

use crate::{
    bed::{Bed, place},
    follower::Follower,
    words::{all, any, append, check_order, event, read, stream, tagged, with_tag},
};

const CALLERS: usize = 16;
const KILLS: usize = 3;
/// Acknowledged appends between two faults.
const BETWEEN: usize = 100;
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

pub(crate) fn nothing_is_lost_or_doubled(_: &Bed) -> Option<String> {
    let mut server = testbed::Postgres::start(testbed::Options::default()).unwrap();
    // What is acknowledged is kept all the same.
    server.psql("ALTER ROLE annals SET synchronous_commit = off").unwrap();
    let one = place(&server.url(), Options { lock_timeout: LOCK_TIMEOUT, ..Options::default() });
    // Another program, so that appends also wait for one another in the database.
    let other = Arc::new(one.open_again(one.options.clone()));
    let follower = Follower::start(&*one);
    copy(Arc::clone(&one.store));
    let callers = Callers::default();
    thread::scope(|scope| {
        let _end = End(&callers.is_over);
        for number in 0..CALLERS {
            let store = if number % 2 == 0 { &*one.store } else { &*other };
            let callers = &callers;
            scope.spawn(move || callers.call(store, number));
        }
        for _ in 0..KILLS {
            callers.reach(BETWEEN);
            server.kill().unwrap();
            server.start_again().unwrap();
        }
        callers.reach(BETWEEN);
        server.pause().unwrap();
        callers.check_nobody_is_answered(4 * LOCK_TIMEOUT);
        server.resume().unwrap();
        callers.reach(BETWEEN);
    });
    let copied = check_copies(&*one);
    let mut stored = all(&*one);
    check_order(&stored);
    follower.check(&stored);
    stored.retain(|event| event.stream.as_str() != COPIES);
    assert_eq!(copied, stored.len());
    callers.history.check(&stored);
    None
}

/// Ends the callers, also when the case fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct Callers {
    history: History,
    stored: AtomicUsize,
    is_over: AtomicBool,
}

impl Callers {
    fn call(&self, store: &dyn Backend, caller: usize) {
        let mut last = None;
        for number in 0.. {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let own = stream(&format!("source-own-{caller}"));
            let expected = last.map_or(ExpectedVersion::NoStream, ExpectedVersion::Exact);
            let request = match number % 3 {
                0 => any(&format!("source-{}", number % 5), event("{}")),
                1 => {
                    last = Some(last.map_or(Version::FIRST, Version::next));
                    Append::to(own, expected, [event("{}")])
                }
                _ => {
                    let seat = format!("seat:{number}");
                    any("source-seats", tagged(&[&seat])).unless(with_tag(&seat), None)
                }
            };
            self.insist(store, &request);
        }
    }

    /// Asks until the answer is known. Every try is noted.
    fn insist(&self, store: &dyn Backend, request: &Append) {
        loop {
            match self.history.append(store, request.clone()) {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::ConditionFailed => return,
                Err(error) if error.retry() == Retry::Later => {}
                Err(error) => {
                    self.is_over.store(true, Ordering::SeqCst);
                    panic!("a caller gets `{error}`");
                }
            }
        }
        self.stored.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits for so many more acknowledgements.
    fn reach(&self, more: usize) {
        let goal = self.stored.load(Ordering::SeqCst) + more;
        let is_over = || self.is_over.load(Ordering::SeqCst);
        wait_until("appends are acknowledged", || {
            self.stored.load(Ordering::SeqCst) >= goal || is_over()
        })
        .unwrap();
        assert!(!is_over(), "a caller had an error");
    }

    fn check_nobody_is_answered(&self, time: Duration) {
        let (_silent, answers) = std::sync::mpsc::channel::<()>();
        let before = self.stored.load(Ordering::SeqCst);
        assert!(answers.recv_timeout(time).is_err());
        assert_eq!(self.stored.load(Ordering::SeqCst), before, "a paused server answers nobody");
    }
}

const COPIES: &str = "copies-1";

fn checkpoint() -> Name {
    Name::new("copies").unwrap()
}

fn copied(store: &dyn Backend) -> annals_core::Result<Option<Position>> {
    let entry = block_on(store.state(&StateKey::checkpoint(checkpoint())))?;
    entry.map(|entry| entry.checkpoint_position()).transpose()
}

fn sources() -> Query {
    Query::any_of([QueryItem::category(Category::new("source").unwrap())]).unwrap()
}

/// Writes an event for each one of the callers, together with how far it has come. After an error
/// it forgets everything and begins at its checkpoint.
fn copy(store: Arc<annals_postgres::Postgres>) {
    thread::spawn(move || {
        loop {
            let Ok(done) = copied(&*store) else { continue };
            let start = done.map_or(SubscribeStart::Beginning, SubscribeStart::After);
            let mut deliveries = store.subscribe(Subscribe::all(sources(), start));
            while let Some(Ok(delivery)) = block_on(deliveries.next()) {
                let Delivery::Event(source) = delivery else { continue };
                let copy = event(source.position.to_string());
                let together = any(COPIES, copy).checkpoint(checkpoint(), source.position);
                if append(&*store, together).is_err() {
                    break;
                }
            }
        }
    });
}

/// Each source has one copy, in order. Their number.
fn check_copies(store: &dyn Backend) -> usize {
    let sources: Vec<String> = all(store)
        .iter()
        .filter(|event| event.stream.as_str() != COPIES)
        .map(|event| event.position.to_string())
        .collect();
    let last = sources.last().cloned();
    wait_until("everything is copied", || {
        copied(store).is_ok_and(|done| done.map(|position| position.to_string()) == last)
    })
    .unwrap();
    let copies = read(store, COPIES).unwrap();
    let copies: Vec<&[u8]> = copies.iter().map(|copy| copy.data.as_ref()).collect();
    let sources: Vec<&[u8]> = sources.iter().map(String::as_bytes).collect();
    assert_eq!(copies, sources);
    copies.len()
}
