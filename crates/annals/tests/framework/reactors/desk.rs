//! A desk that notes what it is told, and fails on request.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    time::Duration,
};

use annals::*;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::stores::{Site, block_on};

/// Longer than anything takes here, so that a hang is seen as one.
pub(super) const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(prefix = "desk")]
pub(super) enum DeskEvent {
    Asked { who: String, number: u64 },
}

/// What failing means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fail {
    /// As any error.
    Error,
    Panic,
    Skip,
    DeadLetter,
    Pause,
}

/// Shared with whoever looks at it.
#[derive(Debug, Default, Clone)]
pub(super) struct Desk(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    notes: Mutex<Vec<(String, u64)>>,
    failing: Mutex<BTreeMap<u64, (u32, Option<Fail>)>>,
    /// Told of each event before the desk waits for `gate`.
    at: Mutex<Option<(mpsc::Sender<u64>, mpsc::Receiver<()>)>>,
}

impl Desk {
    pub(super) fn notes(&self) -> Vec<u64> {
        self.0.notes.lock().iter().map(|(_, number)| *number).collect()
    }

    pub(super) fn notes_of(&self, who: &str) -> Vec<u64> {
        let notes = self.0.notes.lock();
        notes.iter().filter(|note| note.0 == who).map(|note| note.1).collect()
    }

    /// The event with a number fails so often.
    pub(super) fn fail(&self, number: u64, times: u32, how: Fail) {
        self.0.failing.lock().insert(number, (times, Some(how)));
    }

    /// Each event is told and waits until the other end lets it pass.
    pub(super) fn hold(&self) -> (mpsc::Receiver<u64>, mpsc::Sender<()>) {
        let (told, at) = mpsc::channel();
        let (pass, gate) = mpsc::channel();
        *self.0.at.lock() = Some((told, gate));
        (at, pass)
    }

    fn meet(&self, number: u64) -> Option<Fail> {
        let mut failing = self.0.failing.lock();
        let (left, how) = failing.get_mut(&number)?;
        *left = left.checked_sub(1)?;
        *how
    }
}

impl Reactor for Desk {
    type Event = DeskEvent;
    const NAME: &'static str = "desk";

    async fn react(&self, event: &Recorded<DeskEvent>, _app: &Annals) -> Result<(), Nack> {
        let DeskEvent::Asked { who, number } = &event.event;
        // Whoever held the desk may be gone.
        if let Some((told, gate)) = &*self.0.at.lock()
            && told.send(*number).is_ok()
        {
            gate.recv().unwrap_or_default();
        }
        match self.meet(*number) {
            None => {}
            Some(Fail::Error) => return Err(std::io::Error::other("the pen is empty").into()),
            Some(Fail::Panic) => panic!("the desk broke"),
            Some(Fail::Skip) => return Err(Nack::Skip("not today".into())),
            Some(Fail::DeadLetter) => return Err(Nack::DeadLetter("not me".into())),
            Some(Fail::Pause) => return Err(Nack::Pause("lunch".into())),
        }
        self.0.notes.lock().push((who.clone(), *number));
        Ok(())
    }
}

/// Asks with these numbers, by two people in turn.
pub(super) fn ask(backend: &dyn Backend, numbers: impl IntoIterator<Item = u64>) {
    let new = |number: u64| {
        let who = if number.is_multiple_of(2) { "even" } else { "odd" };
        let event = DeskEvent::Asked { who: who.to_owned(), number };
        let schema = event.schema();
        NewEvent::new(EventType::new(schema.name).unwrap(), event.encode().unwrap())
    };
    let stream = StreamName::new("desk-1").unwrap();
    let append = Append::to(stream, ExpectedVersion::Any, numbers.into_iter().map(new));
    block_on(backend.append(append)).unwrap();
}

/// A run whose retries wait no time worth noticing.
pub(super) fn quick() -> Run<DeskEvent> {
    let moment = Duration::from_millis(1);
    Run::background().backoff(moment, moment)
}

pub(super) fn start(site: &Site, desk: &Desk, run: Run<DeskEvent>) -> Annals {
    let builder = Annals::builder().clock(site.clock.clone()).reactor(desk.clone(), run);
    builder.build(site.backend.clone()).unwrap()
}

pub(super) fn caught_up(app: &Annals) {
    block_on(app.reactor::<Desk>().unwrap().caught_up(LONG)).unwrap();
}
