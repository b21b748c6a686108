//! A store with some of everything, and how two stores are compared without any digest.

use annals::{
    Append, Backend, DeleteMode, DeleteStream, EventType, ExpectedVersion, Metadata, Name,
    NewEvent, Position, Query, ReadAll, RecordedEvent, StateEntry, StateExpected, StateKey,
    StateKind, StatePut, StreamMetadata, StreamName, Tag, Tags,
};
use annals_cli::copy::{Copied, Options, Snapshots, Verify, copy};
use futures_lite::{StreamExt, future::block_on};

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::new(name.to_owned()).unwrap()
}

pub(crate) fn event(number: u64) -> NewEvent {
    let data = format!(r#"{{"number": {number}}}"#);
    NewEvent::new(EventType::new("counted").unwrap(), data)
        .with_tags(Tags::new([Tag::new(format!("parity:{}", number % 2)).unwrap()]).unwrap())
        .with_metadata(Metadata::new(format!(r#"{{"$correlationId":"c-{}"}}"#, number % 7)))
}

pub(crate) fn append(to: &dyn Backend, name: &str, numbers: std::ops::Range<u64>) {
    let events = numbers.map(event);
    block_on(to.append(Append::to(stream(name), ExpectedVersion::Any, events))).unwrap();
}

pub(crate) fn put(to: &dyn Backend, kind: StateKind, name: &str, value: Option<&'static str>) {
    let key = StateKey { kind, name: Name::new(name.to_owned()).unwrap() };
    let value = value.map(Into::into);
    block_on(to.put_state(StatePut { key, expected: StateExpected::Any, value })).unwrap();
}

fn delete(of: &dyn Backend, name: &str, mode: DeleteMode) {
    let delete = DeleteStream { stream: stream(name), expected: ExpectedVersion::Any, mode };
    block_on(of.delete_stream(delete)).unwrap();
}

/// Writes some of everything.
pub(crate) fn tell(to: &dyn Backend) {
    for number in 0..40 {
        append(to, &format!("counter-{}", number % 9), number * 5..number * 5 + 5);
    }
    let settings = StreamMetadata { max_count: Some(3), ..StreamMetadata::default() };
    for name in ["counter-1", "counter-2", "empty-1"] {
        let expected = ExpectedVersion::Any;
        block_on(to.set_stream_metadata(&stream(name), expected, &settings)).unwrap();
    }
    delete(to, "counter-2", DeleteMode::Soft);
    delete(to, "counter-3", DeleteMode::Soft);
    append(to, "counter-3", 900..902);
    delete(to, "counter-4", DeleteMode::Tombstone);
    delete(to, "never-1", DeleteMode::Tombstone);
    let moved = Append::to(stream("counter-5"), ExpectedVersion::Any, [event(7)]);
    let moved = moved.checkpoint(Name::new("consumer").unwrap(), Position::new(50));
    block_on(to.append(moved)).unwrap();
    put(to, StateKind::Snapshot, "counter-5", Some("half"));
    put(to, StateKind::Lease, "runner", Some("me"));
    put(to, StateKind::Lease, "runner", None);
}

pub(crate) fn events(of: &dyn Backend) -> Vec<RecordedEvent> {
    block_on(of.read(ReadAll::new(Query::all()).into()).try_collect()).unwrap()
}

pub(crate) fn states(of: &dyn Backend, kind: StateKind) -> Vec<StateEntry> {
    block_on(of.states(kind, "").try_collect()).unwrap()
}

pub(crate) const ALL: Options = Options { snapshots: Snapshots::Copy, verify: Verify::Digest };

pub(crate) fn try_copy(from: &dyn Backend, to: &dyn Backend) -> annals::Result<Copied> {
    copy(from, to, ALL, &mut |_| {})
}

/// Copies, and compares both sides event by event and stream by stream.
#[track_caller]
pub(crate) fn copy_all(from: &dyn Backend, to: &dyn Backend) -> Copied {
    let copied = try_copy(from, to).unwrap();
    check_same(from, to);
    copied
}

#[track_caller]
pub(crate) fn check_same(one: &dyn Backend, two: &dyn Backend) {
    let (left, right) = (events(one), events(two));
    assert_eq!(left.len(), right.len());
    let different = left.iter().zip(&right).find(|(left, right)| left != right);
    assert_eq!(different, None);
    for kind in [StateKind::Checkpoint, StateKind::Snapshot] {
        let of = |store| -> Vec<_> {
            let entries = states(store, kind).into_iter();
            entries.map(|entry| (entry.key, entry.revision, entry.value)).collect()
        };
        assert_eq!(of(one), of(two));
    }
    let names =
        |of: &dyn Backend| -> Vec<StreamName> { block_on(of.streams(None).try_collect()).unwrap() };
    assert_eq!(names(one), names(two));
    for name in names(one) {
        let info = |of: &dyn Backend| block_on(of.stream_info(&name)).unwrap();
        assert_eq!(info(one), info(two));
    }
}
