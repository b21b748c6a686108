//! The connection of an append is lost while others write in its transaction: events and what was
//! written because of them are stored together, once or not at all.

use std::{
    any::Any,
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use annals_core::{Append, BoxFuture, Error, ErrorKind, Inline, RecordedEvent, Result};
use annals_postgres::{Access, Options, Postgres, Transaction};
use annals_testbed::postgres as testbed;
use async_channel::{Receiver, Sender};
use futures_lite::future::block_on;

use crate::{
    bed::{Bed, Place, place},
    proxy::{Mood, Proxy},
    session::Session,
    silence::hasty,
    words::{all, any, append, check_order, event},
};

/// Notes the position of every event, and stops in the middle when it is told to.
#[derive(Debug)]
struct Notes {
    is_to_stop: Arc<AtomicBool>,
    /// Takes the process id of the backend when it has stopped.
    stopped: Sender<i32>,
    go_on: Receiver<()>,
}

impl Inline for Notes {
    fn apply<'a>(
        &'a self,
        events: &'a [RecordedEvent],
        transaction: &'a mut (dyn Any + Send),
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let tx = transaction.downcast_mut::<Transaction>().unwrap();
            for event in events {
                note(tx, event).await?;
                if self.is_to_stop.swap(false, Ordering::SeqCst) {
                    let pid = tx.query("SELECT pg_backend_pid()", &[]).await?;
                    self.stopped.send(pid[0].get(0)).await.unwrap();
                    self.go_on.recv().await.unwrap();
                }
            }
            Ok(())
        })
    }
}

async fn note(tx: &mut Transaction, event: &RecordedEvent) -> Result<()> {
    let position = i64::try_from(event.position.get()).unwrap();
    tx.execute("INSERT INTO notes VALUES ($1)", &[&position]).await.map(drop)
}

/// The other end of [`Notes`].
struct Stop {
    is_to_stop: Arc<AtomicBool>,
    stopped: Receiver<i32>,
    go_on: Sender<()>,
}

impl Stop {
    /// Makes a table and work that writes in it, for appends through one handle.
    fn install(store: &Postgres) -> Self {
        let made = block_on(async {
            let mut tx = store.begin(Access::Write).await?;
            tx.batch("CREATE TABLE IF NOT EXISTS notes (position bigint)").await?;
            tx.commit().await
        });
        made.unwrap();
        let is_to_stop = Arc::new(AtomicBool::new(false));
        let (stopped, has_stopped) = async_channel::bounded(1);
        let (go_on, goes_on) = async_channel::bounded(1);
        let work = Notes { is_to_stop: Arc::clone(&is_to_stop), stopped, go_on: goes_on };
        annals_core::Backend::install_inline(store, Arc::new(work)).unwrap();
        Self { is_to_stop, stopped: has_stopped, go_on }
    }

    /// Appends, does something to the server in the middle of it, and gives the answer.
    fn append(
        &self,
        store: &Postgres,
        request: &Append,
        meanwhile: impl FnOnce(i32),
        afterwards: impl FnOnce(),
    ) -> Result<annals_core::Appended> {
        self.is_to_stop.store(true, Ordering::SeqCst);
        thread::scope(|scope| {
            let answer = scope.spawn(|| append(store, request.clone()));
            meanwhile(self.stopped.recv_blocking().unwrap());
            self.go_on.send_blocking(()).unwrap();
            afterwards();
            answer.join().unwrap()
        })
    }
}

/// Every event has one note, and nothing else has. The notes are read past the store.
#[track_caller]
fn check_notes(place: &Place, server: &testbed::Postgres, count: usize) {
    let reader = Session::open(&server.url(), "reader");
    let notes = reader.ask(&format!(
        "SELECT string_agg(position::text, ' ' ORDER BY position) FROM {}.notes",
        place.schema()
    ));
    let events = all(&**place);
    check_order(&events);
    let positions: Vec<_> = events.iter().map(|event| event.position.to_string()).collect();
    assert_eq!(notes, positions.join(" "));
    assert_eq!(events.len(), count);
}

pub(crate) fn survives_a_session_that_is_ended(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    let stop = Stop::install(&place.store);
    append(&*place, any("s-1", event("1"))).unwrap();
    let operator = Session::open(&place.url, "operator");
    for round in 0..3 {
        let request = any("s-1", event("{}"));
        let end =
            |pid| assert_eq!(operator.ask(&format!("SELECT pg_terminate_backend({pid})")), "t");
        let done = stop.append(&place.store, &request, end, || {}).unwrap();
        assert!(!done.duplicate, "the first answer that comes is that of the append");
        assert!(append(&*place, request).unwrap().duplicate);
        check_notes(&place, bed.server(), round + 2);
    }
    None
}

pub(crate) fn survives_a_server_that_is_killed(_: &Bed) -> Option<String> {
    let server = testbed::Postgres::start(testbed::Options::default()).unwrap();
    let patience = Duration::from_secs(100);
    let place = place(&server.url(), Options { patience, ..Options::default() });
    let stop = Stop::install(&place.store);
    append(&*place, any("s-1", event("1"))).unwrap();
    let request = any("s-1", event("2"));
    let shared = RefCell::new(server);
    let kill = |_| shared.borrow_mut().kill().unwrap();
    let start = || shared.borrow_mut().start_again().unwrap();
    stop.append(&place.store, &request, kill, start).unwrap();
    check_notes(&place, &shared.borrow(), 2);
    assert!(append(&*place, request).unwrap().duplicate);

    // Nobody waits for the server here, so nobody can know what became of it.
    let hasty = place.open_again(Options { patience: Duration::ZERO, ..Options::default() });
    let stop = Stop::install(&hasty);
    let request = any("s-1", event("3"));
    let refused: Error = stop.append(&hasty, &request, kill, || {}).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Timeout, "{refused}");
    assert!(refused.to_string().contains("may have been done"), "{refused}");
    start();
    check_notes(&place, &shared.borrow(), 2);
    append(&hasty, request).unwrap();
    check_notes(&place, &shared.borrow(), 3);
    None
}

pub(crate) fn survives_an_answer_that_is_lost(bed: &Bed) -> Option<String> {
    let proxy = Proxy::before(bed.server().port());
    let place = place(&proxy.url(), hasty());
    let stop = Stop::install(&place.store);
    append(&*place, any("s-1", event("1"))).unwrap();
    let request = any("s-1", event("2"));
    // The rest of the transaction is done, and nobody hears of it.
    let swallow = |_| proxy.treat_those_there_are(Mood::SwallowsAnswers);
    let done = stop.append(&place.store, &request, swallow, || {}).unwrap();
    assert!(!done.duplicate, "the first answer that comes is that of the append");
    assert!(append(&*place, request).unwrap().duplicate);
    check_notes(&place, bed.server(), 2);
    None
}
