//! One partition of a reactor: a thread that follows the log and waits for each reaction.

use std::sync::Arc;

use annals_core::{Error, ErrorKind, Position};
use futures_lite::future;

use super::{Nack, Reactor, checkpoint::Checkpoint, entry::Entry, letters::Letters};
use crate::{
    Annals,
    lease::Held,
    read_side::{
        NewDeadLetter,
        feed::Feed,
        run::Then,
        runner::Halt,
        unit::{Keyed, Unit},
    },
    service::Stop,
};

/// Events read ahead.
const STRETCH: usize = 64;
/// Events of others after which the place is stored although nothing was done.
const PASSED_MAX: u64 = 1_000;

/// What a partition's thread works with.
pub(super) struct Partition<R: Reactor> {
    app: Annals,
    entry: Arc<Entry<R>>,
    index: u32,
    /// Given back when the last partition is gone.
    held: Arc<Held>,
    stop: Stop,
    /// The position after which the reactor began.
    begun: Option<Position>,
    /// Reactions since the place was stored.
    unsaved: u32,
}

/// What the thread has read from the store.
struct Known {
    checkpoint: Checkpoint,
    letters: Letters,
}

/// Whether an event was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aside {
    Set,
    /// What it waited behind is dealt with.
    Free,
}

impl<R: Reactor> Partition<R> {
    pub(super) const fn new(
        app: Annals,
        entry: Arc<Entry<R>>,
        index: u32,
        held: Arc<Held>,
        stop: Stop,
        begun: Option<Position>,
    ) -> Self {
        Self { app, entry, index, held, stop, begun, unsaved: 0 }
    }

    /// Works until it is told to stop or somebody else is at work. Blocks.
    pub(super) fn run(mut self) {
        future::block_on(self.work());
    }

    async fn work(&mut self) {
        let mut setbacks = 0;
        while !self.stop.is_set() {
            let Err(halt) = self.follow(&mut setbacks).await else { return };
            setbacks += 1;
            match halt {
                Halt::Stop => return,
                Halt::Moved(error) => {
                    self.entry.board.change(|notes| notes.lost = Some(error));
                    return;
                }
                Halt::Lasting(error) if setbacks > self.entry.run.retries => {
                    self.pause(error).await;
                    setbacks = 0;
                }
                Halt::Passing(error) | Halt::Lasting(error) => {
                    self.entry.board.failed(&error);
                    if self.stop.wait_timeout(self.entry.run.wait_before(setbacks)) {
                        return;
                    }
                }
                Halt::Pause(error) => {
                    self.pause(error).await;
                    setbacks = 0;
                }
            }
        }
    }

    /// Goes on from the stored checkpoint.
    async fn follow(&mut self, setbacks: &mut u32) -> Result<(), Halt> {
        let store = Arc::clone(&self.app.store);
        let backend = store.backend.as_ref();
        let checkpoint = Checkpoint::load(backend, R::NAME, self.index).await;
        let letters = Letters::load(backend, R::NAME).await;
        let mut known = Known {
            checkpoint: checkpoint.map_err(Halt::of_events)?,
            letters: letters.map_err(Halt::of_events)?,
        };
        let place = known.checkpoint.position.max(self.begun);
        self.unsaved = 0;
        self.note_place(place);
        let query = Entry::<R>::query(&store).map_err(Halt::Pause)?;
        let mut feed = Feed::after(backend, query, place);
        while let Some(stretch) = feed.next(STRETCH, &self.stop).await.map_err(Halt::of_events)? {
            for record in stretch.records {
                let position = record.position;
                let unit = Unit::read(&store, &self.entry.run, record, self.index).await;
                if let Some(unit) = unit {
                    self.take(&mut known, unit).await?;
                    *setbacks = 0;
                    self.unsaved += 1;
                    if self.unsaved >= self.entry.run.checkpoint_every {
                        self.save(&mut known, position).await?;
                    }
                }
                self.note_place(Some(position));
                if self.stop.is_set() {
                    return self.save_rest(&mut known, Some(position)).await;
                }
            }
            self.save_rest(&mut known, stretch.to).await?;
            self.note_place(stretch.to);
        }
        Ok(())
    }

    /// Stores the place when there is nothing more to do at the moment.
    async fn save_rest(&mut self, known: &mut Known, to: Option<Position>) -> Result<(), Halt> {
        let Some(to) = to else { return Ok(()) };
        let saved = known.checkpoint.position.map_or(0, Position::get);
        if self.unsaved > 0 || to.get() >= saved.saturating_add(PASSED_MAX) {
            self.save(known, to).await?;
        }
        Ok(())
    }

    async fn save(&mut self, known: &mut Known, place: Position) -> Result<(), Halt> {
        let stored = known.checkpoint.store(self.app.store.backend.as_ref(), place).await;
        self.unsaved = 0;
        stored.map_err(|error| match error.kind() {
            ErrorKind::ConditionFailed => Halt::Moved(error),
            _ => Halt::of_events(error),
        })
    }

    /// Tells those who wait in this process.
    fn note_place(&self, place: Option<Position>) {
        let mut places = self.entry.places.lock();
        let noted = places.entry(self.index).or_default();
        *noted = place.max(*noted);
        drop(places);
        self.entry.board.moved();
    }

    /// Reacts to all of a record, or gives it up.
    async fn take(&mut self, known: &mut Known, unit: Unit<R::Event>) -> Result<(), Halt> {
        if !self.held.is_valid() {
            let message = format!("the lease of reactor `{}` ran out", R::NAME);
            return Err(Halt::Moved(Error::new(ErrorKind::ConditionFailed, message)));
        }
        let whole = NewDeadLetter {
            partition: self.index,
            position: unit.position,
            part: None,
            event_id: unit.event_id,
            key: None,
            reason: String::new(),
            attempts: 0,
            time: self.app.store.clock.now(),
        };
        match unit.events {
            Ok(events) => {
                for keyed in events {
                    let part = Some(keyed.event.part);
                    let letter = NewDeadLetter { part, key: keyed.key.clone(), ..whole.clone() };
                    self.deliver(known, &keyed, letter).await?;
                }
                Ok(())
            }
            // What cannot be decoded now cannot be decoded in a second either.
            Err(error) if error.kind() == ErrorKind::Undecodable => {
                self.entry.board.failed(&error);
                self.give_up(known, self.entry.run.then, &error, 1, whole).await
            }
            Err(error) => Err(Halt::of_events(error)),
        }
    }

    async fn deliver(
        &self,
        known: &mut Known,
        keyed: &Keyed<R::Event>,
        letter: NewDeadLetter,
    ) -> Result<(), Halt> {
        while self.must_wait(known, &letter).await? {
            if known.letters.has(letter.position, letter.part)
                || self.set_aside(known, &letter).await? == Aside::Set
            {
                return Ok(());
            }
        }
        let mut attempts = 0;
        loop {
            let Err(nack) = self.entry.react(&keyed.event, &self.app).await else {
                return Ok(());
            };
            attempts += 1;
            let error = nack.to_error();
            self.entry.board.failed(&error);
            let then = match nack {
                Nack::Retry(_) if attempts <= self.entry.run.retries => {
                    if self.stop.wait_timeout(self.entry.run.wait_before(attempts)) {
                        return Err(Halt::Stop);
                    }
                    continue;
                }
                Nack::Retry(_) => self.entry.run.then,
                Nack::Skip(_) => Then::Skip,
                Nack::DeadLetter(_) => Then::DeadLetter,
                Nack::Pause(_) => Then::Pause,
            };
            return self.give_up(known, then, &error, attempts, letter).await;
        }
    }

    /// Whether an event is set aside already, or belongs behind one that is.
    async fn must_wait(&self, known: &mut Known, letter: &NewDeadLetter) -> Result<bool, Halt> {
        if known.letters.is_empty() {
            return Ok(false);
        }
        let backend = self.app.store.backend.as_ref();
        known.letters.catch_up(backend).await.map_err(Halt::of_events)?;
        let key = letter.key.as_deref();
        Ok(known.letters.has(letter.position, letter.part)
            || key.is_some_and(|key| known.letters.first_of(key).is_some()))
    }

    async fn give_up(
        &self,
        known: &mut Known,
        then: Then,
        error: &Error,
        attempts: u32,
        letter: NewDeadLetter,
    ) -> Result<(), Halt> {
        let position = letter.position;
        if then == Then::Pause {
            let message = format!(
                "there was no reaction to the event at position {position}, tried {attempts} \
                 times: {error}"
            );
            return Err(Halt::Pause(Error::new(error.kind(), message).caused_by(error.clone())));
        }
        tracing::warn!(reactor = R::NAME, %position, %error, "an event was given up");
        if then == Then::DeadLetter {
            let letter = NewDeadLetter { reason: error.to_string(), attempts, ..letter };
            self.set_aside(known, &letter).await?;
        }
        Ok(())
    }

    async fn set_aside(&self, known: &mut Known, letter: &NewDeadLetter) -> Result<Aside, Halt> {
        let backend = self.app.store.backend.as_ref();
        if known.letters.has(letter.position, letter.part) {
            return Ok(Aside::Set);
        }
        let mut letter = letter.clone();
        let is_behind = letter.attempts == 0;
        if let (true, Some(key)) = (is_behind, &letter.key) {
            letter.reason = format!("there was no reaction to an earlier event of key `{key}`");
        }
        loop {
            match known.letters.add(backend, &letter).await {
                Ok(()) => return Ok(Aside::Set),
                Err(error) if error.kind() == ErrorKind::WrongExpectedVersion => {}
                Err(error) => return Err(Halt::of_events(error)),
            }
            known.letters.catch_up(backend).await.map_err(Halt::of_events)?;
            let first = letter.key.as_deref().and_then(|key| known.letters.first_of(key));
            if known.letters.has(letter.position, letter.part) {
                return Ok(Aside::Set);
            }
            if is_behind && first.is_none() {
                return Ok(Aside::Free);
            }
        }
    }

    /// Waits until somebody says to resume or to stop.
    async fn pause(&self, error: Error) {
        tracing::error!(reactor = R::NAME, partition = self.index, %error, "paused");
        let board = &self.entry.board;
        let at = (0, self.index);
        let resumed = board.change(|notes| {
            notes.paused.insert(at, error);
            notes.resumed
        });
        future::or(self.stop.wait(), board.wait(|notes| notes.resumed != resumed)).await;
        board.change(|notes| notes.paused.remove(&at));
    }
}
