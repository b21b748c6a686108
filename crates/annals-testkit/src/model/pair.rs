//! A tested store and the reference side by side: what an operation means now, done to both.

use std::sync::Arc;

use annals_core::{
    Append, AppendCondition, Backend, Clock, ExpectedVersion, MemoryBackend, NewEvent, Position,
    StreamMetadata, StreamName, StreamWrite, Version,
};
use futures_lite::future::block_on;

use super::{
    op::{AppendOp, Change, Expect, Place, Settings, What, WriteOp},
    words,
};
use crate::{Store, transfer::transfer};

/// The two stores, and what was done to them so far.
pub(super) struct Pair {
    pub(super) tested: Store,
    pub(super) reference: MemoryBackend,
    appends: Vec<Append>,
    ids: u64,
    /// For each write of state that was taken, its revisions in the tested store and in the
    /// reference.
    pub(super) revisions: Vec<(u64, u64)>,
}

impl Pair {
    pub(super) fn new(tested: Store) -> Self {
        let reference = MemoryBackend::with_clock(tested.shared_clock());
        Self { tested, reference, appends: Vec::new(), ids: 0, revisions: Vec::new() }
    }

    /// The same history on a store that was restored from the tested one, and on a reference that
    /// was restored from that.
    pub(super) fn restored(self, batch: usize) -> Self {
        let tested = self.tested.another();
        tested.clock().set(self.tested.clock().now());
        let mut pair = Self::new(tested);
        transfer(self.tested.backend().as_ref(), pair.tested.backend().as_ref(), batch);
        transfer(pair.tested.backend().as_ref(), &pair.reference, batch);
        pair.appends = self.appends;
        pair.ids = self.ids;
        pair.revisions = self.revisions.into_iter().map(|(tested, _)| (tested, tested)).collect();
        pair
    }

    pub(super) fn backends(&self) -> (Arc<dyn Backend>, &MemoryBackend) {
        (self.tested.backend(), &self.reference)
    }

    /// The last version of a stream, by the reference.
    fn last(&self, stream: &StreamName) -> Option<Version> {
        let info = block_on(self.reference.stream_info(stream)).expect("memory answers");
        info.last_version
    }

    pub(super) fn head(&self) -> Option<Position> {
        block_on(self.reference.head()).expect("memory answers")
    }

    pub(super) fn expected(&self, stream: &StreamName, expected: Expect) -> ExpectedVersion {
        let last = self.last(stream);
        let exact = |number| ExpectedVersion::Exact(Version::new(number));
        match (expected, last.map(Version::get)) {
            (Expect::Any, _) => ExpectedVersion::Any,
            (Expect::StreamExists, _) => ExpectedVersion::StreamExists,
            (Expect::NoStream, _) | (Expect::Last, None) => ExpectedVersion::NoStream,
            (Expect::Last, Some(last)) => exact(last),
            (Expect::Behind(by), Some(last)) if last >= u64::from(by) => {
                exact(last - u64::from(by))
            }
            (Expect::Behind(_), _) => ExpectedVersion::NoStream,
            (Expect::Ahead(by), last) => exact(last.unwrap_or(0) + u64::from(by)),
        }
    }

    /// A number that names a version of a stream.
    pub(super) fn version(&self, stream: &StreamName, place: Place) -> Version {
        Version::new(number(self.last(stream).map(Version::get), place))
    }

    pub(super) fn position(&self, place: Place) -> Position {
        Position::new(number(self.head().map(Position::get), place))
    }

    pub(super) fn settings(&self, stream: &StreamName, settings: Settings) -> StreamMetadata {
        let truncate_before = settings.truncate_before.map(|place| self.version(stream, place));
        let mut metadata = StreamMetadata {
            max_age_seconds: settings.max_age.map(u64::from).filter(|seconds| *seconds > 0),
            max_count: settings.max_count.map(u64::from).filter(|count| *count > 0),
            truncate_before: truncate_before.filter(|before| *before > Version::FIRST),
            ..StreamMetadata::default()
        };
        if settings.has_custom {
            metadata.custom.insert("mine".to_owned(), 7.into());
        }
        metadata
    }

    /// The append that an operation means now. It is kept for retries.
    pub(super) fn append(&mut self, op: &AppendOp) -> Append {
        let writes: Vec<_> = op.writes.iter().map(|write| self.write(write)).collect();
        let conditions = op.conditions.iter().map(|(items, place)| AppendCondition {
            query: words::query(items),
            after: (*place != Place::FromStart(0)).then(|| self.position(*place)),
        });
        let conditions = conditions.collect();
        let interleaving = if op.interleaved { in_turns(&writes) } else { Vec::new() };
        let mut append = Append { writes, interleaving, conditions, checkpoint: None };
        if let Some((name, place)) = op.checkpoint {
            append = append.checkpoint(words::name(name), self.position(place));
        }
        self.appends.push(append.clone());
        append
    }

    fn write(&mut self, op: &WriteOp) -> StreamWrite {
        let stream = words::stream(op.stream);
        match &op.what {
            What::Events(events) => {
                let events = events.iter().map(|event| {
                    let id = self.id(event.id_again);
                    words::event(event, id)
                });
                let events = events.collect();
                StreamWrite { expected: self.expected(&stream, op.expected), stream, events }
            }
            What::Settings(all) => {
                let metastream = stream.metastream().expect("it has a metastream");
                let expected = self.expected(&metastream, op.expected);
                let events = all.iter().map(|settings| {
                    let metadata = self.settings(&stream, *settings);
                    let id = self.id(None);
                    words::settings_event(&metadata, id)
                });
                StreamWrite { events: events.collect(), stream: metastream, expected }
            }
        }
    }

    fn id(&mut self, again: Option<u8>) -> u64 {
        if let Some(back) = again {
            return self.ids.saturating_sub(u64::from(back));
        }
        self.ids += 1;
        self.ids
    }

    /// An earlier append, changed; `None` when there is none.
    pub(super) fn retry(&mut self, back: u8, change: Change) -> Option<Append> {
        let index = self.appends.len().checked_sub(1 + usize::from(back))?;
        let mut append = self.appends.get(index)?.clone();
        let first = append.writes.first_mut();
        match (change, first) {
            (Change::Nothing, _) | (_, None) => {}
            (Change::Expect(expected), Some(_)) => {
                for write in &mut append.writes {
                    write.expected = self.expected(&write.stream, expected);
                }
            }
            (Change::Shorter, Some(first)) => drop(first.events.pop()),
            (Change::Longer, Some(first)) => first.events.extend(longer(&first.events, self)),
            (Change::Reversed, Some(first)) => first.events.reverse(),
            (Change::FewerStreams, Some(_)) => drop(append.writes.pop()),
        }
        if change != Change::Nothing {
            append.interleaving.clear();
        }
        Some(append)
    }
}

/// One event more, like the last one.
fn longer(events: &[NewEvent], pair: &mut Pair) -> Option<NewEvent> {
    let last = events.last()?.clone();
    Some(last.with_id(crate::words::id(pair.id(None))))
}

fn number(newest: Option<u64>, place: Place) -> u64 {
    let newest = newest.unwrap_or(0);
    match place {
        Place::FromStart(by) => u64::from(by),
        Place::FromEnd(by) => newest.saturating_sub(u64::from(by)),
        Place::Beyond(by) => newest + u64::from(by),
        Place::Highest => u64::MAX,
        Place::Deleted => Version::DELETED.get(),
    }
}

/// The events of all writes by turns, one of each as long as there are any.
fn in_turns(writes: &[StreamWrite]) -> Vec<u32> {
    let longest = writes.iter().map(|write| write.events.len()).max().unwrap_or(0);
    let mut order = Vec::new();
    for round in 0..longest {
        let with_event = (0..).zip(writes).filter(|(_, write)| write.events.len() > round);
        order.extend(with_event.map(|(index, _)| index));
    }
    order
}
