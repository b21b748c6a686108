//! Targets that are no beginning of their source.

use annals::{Backend, Error, ErrorKind, RecordedEvent, Restore, StateKind};
use futures_lite::future::block_on;

use crate::{
    places::{Server, memory},
    story::{append, events, put, states, tell, try_copy},
    troubled::{Trouble, Troubled},
};

/// More events than are compared before anything is written.
const MANY: u64 = 6_000;

fn many() -> std::sync::Arc<dyn Backend> {
    let source = memory();
    for first in (0..MANY).step_by(1_000) {
        append(source.as_ref(), "many-1", first..first + 1_000);
    }
    source
}

/// A store with the same events but for one.
fn forged(of: &dyn Backend, place: usize) -> std::sync::Arc<dyn Backend> {
    let target = memory();
    let mut events = events(of);
    events[place] = RecordedEvent { data: "{}".into(), ..events[place].clone() };
    block_on(target.restore(Restore::events(events))).unwrap();
    target
}

/// The copy is refused, and the target stays as it was.
#[track_caller]
fn refuse(source: &dyn Backend, target: &dyn Backend) -> Error {
    let (before, kept) = (events(target), states(target, StateKind::Snapshot));
    let error = try_copy(source, target).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConditionFailed, "{error}");
    assert_eq!(events(target), before);
    assert_eq!(states(target, StateKind::Snapshot), kept);
    error
}

pub(crate) fn far_back(_: &Server) {
    let source = many();
    let target = forged(source.as_ref(), 10);
    let error = try_copy(source.as_ref(), target.as_ref()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    assert!(error.to_string().contains("the source has 6000 events with digest"), "{error}");
}

pub(crate) fn near_the_head(_: &Server) {
    let source = many();
    let target = forged(source.as_ref(), 5_000);
    append(source.as_ref(), "many-1", 0..1);
    let error = refuse(source.as_ref(), target.as_ref());
    assert!(error.to_string().contains("events 1904 to 5999 are others"), "{error}");
}

pub(crate) fn own_state(_: &Server) {
    let (source, target) = (memory(), memory());
    append(source.as_ref(), "s", 0..3);
    put(target.as_ref(), StateKind::Snapshot, "s", Some("own"));
    let error = refuse(source.as_ref(), target.as_ref());
    assert!(error.to_string().contains("up to revision 1, the source's up to 0"), "{error}");
    tell(source.as_ref());
    let error = refuse(source.as_ref(), target.as_ref());
    assert!(error.to_string().contains("its checkpoint `consumer` is another"), "{error}");
}

pub(crate) fn rivals(_: &Server) {
    let source = memory();
    for round in 0..20 {
        append(source.as_ref(), "many-1", round * 1_000..round * 1_000 + 1_000);
    }
    let target = Troubled::new(memory(), Trouble::Rival);
    let error = try_copy(source.as_ref(), &target).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConditionFailed);
    assert!(error.to_string().contains("not a beginning of the source"), "{error}");
}
