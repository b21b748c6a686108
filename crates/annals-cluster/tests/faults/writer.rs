//! One writer: what it appends, and how it goes on when it is not answered.

use std::{sync::Arc, time::Duration};

use annals_core::{
    Append, Appended, EventType, ExpectedVersion, Name, NewEvent, Position, Query, QueryItem,
    StreamName, Tag, Tags, Version,
};
use annals_testkit::Outcome;

use crate::{crowd::Shared, seats::SEATS};

/// Shared streams.
const SHARED: usize = 4;
/// Every so many appends one has a condition, where a writer makes such.
const CONDITION_EVERY: u64 = 20;
/// Before a writer goes on that was told nothing.
const PAUSE: Duration = Duration::from_millis(20);

/// What a writer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// One event for a stream of its own, at its exact version.
    Own,
    /// The same, together with a checkpoint.
    OwnWithCheckpoint,
    /// Two events for a stream of its own, and one for a shared stream.
    Both,
    /// One event for a shared stream, whatever its version.
    Shared,
    /// The same, and from time to time a seat that only one may take.
    Seat,
}

/// The habits of the writers, in turn: half have streams of their own.
const HABITS: [Habit; 8] = [
    Habit::Own,
    Habit::Shared,
    Habit::Own,
    Habit::Shared,
    Habit::OwnWithCheckpoint,
    Habit::Seat,
    Habit::Both,
    Habit::Shared,
];

/// A writer.
#[derive(Debug)]
pub(crate) struct Writer {
    number: usize,
    habit: Habit,
    shared: Arc<Shared>,
    /// How many appends it has made.
    made: u64,
    /// How many seats it has tried to take.
    tried: u64,
    /// The last version of its own stream.
    version: Option<Version>,
    /// The position of its last append.
    position: Option<Position>,
    seat: usize,
}

impl Writer {
    pub(crate) fn new(number: usize, shared: Arc<Shared>) -> Self {
        let habit = HABITS[number % HABITS.len()];
        let (made, tried, seat) = (0, 0, number % SEATS);
        Self { number, habit, shared, made, tried, version: None, position: None, seat }
    }

    /// Writes until the round is over.
    pub(crate) async fn run(mut self) {
        while !self.shared.stop.is_said() {
            let append = self.append();
            self.made += 1;
            match self.until_known(&append).await {
                Some(Outcome::Stored(stored)) => self.learn(&append, &stored),
                Some(refused) if append.conditions.is_empty() => {
                    let what = format!("writer {} was refused: {refused:?}", self.number);
                    self.shared.surprise(what);
                    return;
                }
                _ => {}
            }
        }
    }

    /// Asks again, through another node, with the same event ids, until it knows what became of
    /// an append; nothing when the round is over first.
    async fn until_known(&mut self, append: &Append) -> Option<Outcome> {
        let shared = Arc::clone(&self.shared);
        loop {
            let began = shared.history.now();
            let answered = shared.seats.append(self.seat, append.clone()).await;
            if let Some(result) = answered {
                let outcome = Outcome::of(&result);
                shared.history.note(append.clone(), outcome.clone(), began);
                shared.tally.note(self.seat, &outcome);
                if !matches!(outcome, Outcome::Unknown) {
                    return Some(outcome);
                }
            }
            if shared.stop.is_said() {
                return None;
            }
            self.seat = (self.seat + 1) % SEATS;
            shared.stop.pause(PAUSE).await;
        }
    }

    fn learn(&mut self, append: &Append, stored: &Appended) {
        if self.habit != Habit::Shared && self.habit != Habit::Seat {
            self.version = stored.streams.first().and_then(|row| row.last_version);
        }
        self.position = stored.position;
        if let (Some(write), Some(row)) = (append.writes.first(), stored.streams.first()) {
            let (event, version) = (write.events.first(), row.first_version);
            if let (Some(event), Some(version)) = (event, version) {
                self.shared.show(self.seat, &write.stream, version, event.id);
            }
        }
        // Back to its own node, so that all of them are written through.
        self.seat = self.number % SEATS;
    }

    fn append(&mut self) -> Append {
        let own = || stream(&format!("own-{}", self.number));
        let expected = self.version.map_or(ExpectedVersion::NoStream, ExpectedVersion::Exact);
        let (common, any) =
            (stream(&format!("shared-{}", self.number % SHARED)), ExpectedVersion::Any);
        match self.habit {
            Habit::Own => Append::to(own(), expected, [self.event()]),
            Habit::OwnWithCheckpoint => {
                let append = Append::to(own(), expected, [self.event()]);
                let name = Name::new(format!("reader-{}", self.number)).unwrap();
                match self.position {
                    Some(position) => append.checkpoint(name, position),
                    None => append,
                }
            }
            Habit::Both => Append::to(own(), expected, [self.event(), self.event()]).and(
                common,
                any,
                [self.event()],
            ),
            Habit::Seat if self.made.is_multiple_of(CONDITION_EVERY) => {
                let taken = Tag::new(format!("seat:{}", self.tried)).unwrap();
                self.tried += 1;
                let query = Query::any_of([QueryItem::tags([taken.clone()])]).unwrap();
                let event = self.event().with_tags(Tags::new([taken]).unwrap());
                Append::to(common, any, [event]).unless(query, None)
            }
            Habit::Shared | Habit::Seat => Append::to(common, any, [self.event()]),
        }
    }

    fn event(&self) -> NewEvent {
        let facts = format!(
            r#"{{"writer":{},"append":{},"filling":"{}"}}"#,
            self.number,
            self.made,
            "x".repeat((self.made % 97) as usize)
        );
        NewEvent::new(EventType::new("written").unwrap(), facts)
    }
}

fn stream(name: &str) -> StreamName {
    StreamName::new(name.to_owned()).unwrap()
}
