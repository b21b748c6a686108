//! A workload with something of everything, the same every time: single and multi-stream appends,
//! refusals, deletions, settings, state, and events large enough to fill segments.

use annals_core::{
    Append, Backend, DeleteMode, DeleteStream, ErrorKind, EventId, EventType,
    ExpectedVersion::{self, Any, Exact, NoStream},
    Name, NewEvent, Position, Query, QueryItem, Result, StateExpected, StateKey, StateKind,
    StatePut, StreamMetadata, StreamName, Tag, Tags, Version,
};
use futures_lite::future::block_on;

/// One request to a store.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Append(Append),
    Delete(DeleteStream),
    Put(StatePut),
}

impl Step {
    /// Does it; a refusal is an answer too.
    pub(crate) fn run(&self, store: &dyn Backend) -> Result<()> {
        match self {
            Self::Append(append) => block_on(store.append(append.clone())).map(drop),
            Self::Delete(delete) => block_on(store.delete_stream(delete.clone())).map(drop),
            Self::Put(put) => block_on(store.put_state(put.clone())).map(drop),
        }
    }

    /// Whether an error means that the request was understood and refused.
    pub(crate) const fn is_refusal(kind: ErrorKind) -> bool {
        matches!(
            kind,
            ErrorKind::WrongExpectedVersion
                | ErrorKind::ConditionFailed
                | ErrorKind::StreamDeleted
                | ErrorKind::StreamNotFound
        )
    }
}

/// Makes events with ids that count up.
struct Events(u64);

impl Events {
    fn next(&mut self, bytes: usize) -> NewEvent {
        self.0 += 1;
        let number = self.0;
        let event_type = EventType::new(["a", "b", "c"][(number % 3) as usize]).unwrap();
        let tag = Tag::new(format!("tag:{}", number % 4)).unwrap();
        NewEvent::new(event_type, vec![number.to_le_bytes()[0]; bytes])
            .with_id(EventId::from_stored(u128::from(number).to_be_bytes()))
            .with_tags(Tags::new([tag]).unwrap())
    }
}

fn stream(name: &'static str) -> StreamName {
    StreamName::new(name).unwrap()
}

fn state(kind: StateKind, name: &'static str, value: Option<&'static str>) -> Step {
    let key = StateKey { kind, name: Name::new(name).unwrap() };
    Step::Put(StatePut { key, expected: StateExpected::Any, value: value.map(Into::into) })
}

fn delete(name: &'static str, mode: DeleteMode) -> Step {
    Step::Delete(DeleteStream { stream: stream(name), expected: Any, mode })
}

fn settings(name: &'static str, count: u64, id: u64) -> Step {
    let metadata = StreamMetadata { max_count: Some(count), ..StreamMetadata::default() };
    let mut write = metadata.to_write(&stream(name), Any).unwrap();
    for event in &mut write.events {
        event.id = EventId::from_stored((u128::from(id) << 64).to_be_bytes());
    }
    Step::Append(Append { writes: vec![write], ..Append::default() })
}

/// The steps, of which about `rounds` times a dozen are appends.
pub(crate) fn steps(rounds: u64) -> Vec<Step> {
    let mut events = Events(0);
    let mut steps = Vec::new();
    for round in 0..rounds {
        let last = |each: u64| match (round * each).checked_sub(1) {
            None => NoStream,
            Some(last) => Exact(Version::new(last)),
        };
        steps.extend(one_round(&mut events, round, last(3)));
    }
    steps
}

fn one_round(events: &mut Events, round: u64, expected: ExpectedVersion) -> Vec<Step> {
    let mut many =
        |count: usize, bytes| -> Vec<NewEvent> { (0..count).map(|_| events.next(bytes)).collect() };
    let reader = Name::new("reader").unwrap();
    let rare = Query::any_of([QueryItem::types([EventType::new("never").unwrap()])]).unwrap();
    let frequent = Query::any_of([QueryItem::types([EventType::new("a").unwrap()])]).unwrap();
    vec![
        Step::Append(Append::to(stream("exact-1"), expected, many(3, 20))),
        Step::Append(Append::to(stream("s-1"), Any, many(1, 300))),
        state(StateKind::Snapshot, "k", Some("value")),
        Step::Append(
            Append::to(stream("s-1"), Any, many(2, 30))
                .and(stream("s-2"), Any, many(1, 0))
                .checkpoint(reader, Position::new(1 + round)),
        ),
        Step::Append(Append::to(stream("s-2"), NoStream, many(1, 5))),
        Step::Append(Append::to(stream("s-3"), Any, many(1, 5)).unless(rare, None)),
        Step::Append(Append::to(stream("s-3"), Any, many(1, 5)).unless(frequent, None)),
        delete("s-2", DeleteMode::Soft),
        settings("s-1", 2 + round, 1 + round),
        Step::Append(Append::to(stream("s-2"), Any, many(1, 700))),
        state(StateKind::Lease, "l", round.is_multiple_of(2).then_some("holder")),
        delete(
            ["closed-0", "closed-1", "closed-2", "s-3"][(round % 4) as usize],
            DeleteMode::Tombstone,
        ),
        Step::Append(Append::to(stream("closed-0"), Any, many(1, 5))),
    ]
}
