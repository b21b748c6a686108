//! What happened before.

use std::{fmt::Debug, sync::Arc};

use annals_core::{
    Append, Backend, Clock, ExpectedVersion, ManualClock, MemoryBackend, NewEvent, StreamName,
    Timestamp,
};
use futures_lite::future::block_on;

use super::{Outcome, must};
use crate::{Annals, At, Boundary, Changes, Command, Event, Root, Upcasters, event::to_new_event};

/// The time in tests that name no other: the beginning of 2020.
const NOW: Timestamp = Timestamp::from_micros(1_577_836_800_000_000);

/// What happened before, in the order in which it was recorded.
#[derive(Debug, Clone)]
#[must_use = "nothing is tested until something is done and looked at"]
pub struct Given {
    events: Vec<(Place, NewEvent)>,
    upcasters: Upcasters,
    now: Timestamp,
}

/// Whose stream an event is in.
#[derive(Debug, Clone)]
enum Place {
    /// That of an aggregate of the command.
    Aggregate(usize),
    /// Any other.
    Stream(String),
}

/// These events happened, in the stream of the (first) aggregate that the command is about.
#[track_caller]
pub fn given<E: Event>(events: impl IntoIterator<Item = E>) -> Given {
    given_nothing().and(events)
}

/// These events happened at a time.
#[track_caller]
pub fn given_at<E: Event>(time: Timestamp, events: impl IntoIterator<Item = E>) -> Given {
    given_nothing().and_at(time, events)
}

/// Nothing happened yet.
pub fn given_nothing() -> Given {
    Given { events: Vec::new(), upcasters: Upcasters::new(), now: NOW }
}

impl Given {
    /// Then these events happened, in the stream of the (first) aggregate.
    #[track_caller]
    pub fn and<E: Event>(self, events: impl IntoIterator<Item = E>) -> Self {
        self.and_to(0, events)
    }

    /// Then these events happened, in the stream of one of several aggregates, counted from 0.
    #[track_caller]
    pub fn and_to<E: Event>(self, part: usize, events: impl IntoIterator<Item = E>) -> Self {
        self.with(&Place::Aggregate(part), None, events)
    }

    /// Then these events happened, in a stream of this name.
    #[track_caller]
    pub fn and_in<E: Event>(self, stream: &str, events: impl IntoIterator<Item = E>) -> Self {
        self.with(&Place::Stream(stream.to_owned()), None, events)
    }

    /// Then these events happened at a time, in the stream of the (first) aggregate.
    #[track_caller]
    pub fn and_at<E: Event>(self, time: Timestamp, events: impl IntoIterator<Item = E>) -> Self {
        self.with(&Place::Aggregate(0), Some(time), events)
    }

    /// It is this time now: for the command, and for events that were given no other.
    pub fn now(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// Events are read through these upcasters.
    pub fn upcasters(self, upcasters: &Upcasters) -> Self {
        Self { upcasters: upcasters.clone(), ..self }
    }

    #[track_caller]
    fn with<E: Event>(
        mut self,
        place: &Place,
        time: Option<Timestamp>,
        events: impl IntoIterator<Item = E>,
    ) -> Self {
        for event in events {
            let new = must("a given event", to_new_event(&event, time));
            self.events.push((place.clone(), new));
        }
        self
    }

    /// A command is decided.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test reads better without the `&`")]
    pub fn when<C: Command>(self, command: C) -> Outcome<C::Aggregate, C::Output, C::Error> {
        self.when_deciding(command.key(), |state| command.decide(state))
    }

    /// Something is decided by a closure.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test reads better without the `&`")]
    pub fn when_deciding<B: Boundary, R, E>(
        self,
        key: B::Key,
        decide: impl FnOnce(&mut Changes<'_, B>) -> Result<R, E>,
    ) -> Outcome<B, R, E> {
        let root = must("the key of the command", Root::<B>::new(&key));
        let stream = |part: usize| root.parts.get(part).map(|part| part.stream.clone());
        let now = self.now;
        let app = self.recorded(stream);
        let loaded = block_on(app.load::<B>(&key, At::Latest));
        let mut root = must("what was given cannot be loaded", loaded);
        let mut changes = Changes::new(&mut root, now);
        let decided = decide(&mut changes);
        let failure = changes.finish().err();
        let failure = failure.or_else(|| app.check_writable(&root).err());
        Outcome::new(root, decided, failure)
    }

    /// An application in which all this happened.
    #[track_caller]
    pub(super) fn recorded(self, stream_of: impl Fn(usize) -> Option<StreamName>) -> Annals {
        let clock = Arc::new(ManualClock::at(self.now));
        let backend = Arc::new(MemoryBackend::with_clock(clock.clone()));
        for (place, event) in self.events {
            let stream = match place {
                Place::Aggregate(part) => stream_of(part),
                Place::Stream(name) => Some(must("a given stream", StreamName::new(name))),
            };
            let Some(stream) = stream else {
                panic!("an event is given to an aggregate that the command is not about");
            };
            clock.set(event.time.unwrap_or(self.now));
            let append = Append::to(stream, ExpectedVersion::Any, [event]);
            must("a given event", block_on(backend.append(append)));
        }
        clock.set(self.now);
        let builder = Annals::builder().upcasters(self.upcasters).clock(clock as Arc<dyn Clock>);
        must("the upcasters", builder.build(backend))
    }
}
