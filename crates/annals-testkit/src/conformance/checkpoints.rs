//! A consumer's progress stored in the same append as the events it wrote.

use annals_core::{
    Append, ErrorKind,
    ExpectedVersion::{Any, NoStream},
    Position, StateExpected, StateKind, StatePut,
};

use crate::{
    Store,
    case::cases,
    words::{at, event, key, name, stream},
};

cases! { "checkpoints", needs []:
    events_and_progress_are_stored_together,
    progress_may_be_stored_alone,
    progress_must_go_on,
    the_same_progress_without_events_is_a_retry,
    a_refused_append_leaves_the_progress,
    refused_progress_writes_no_event,
    a_retry_with_progress_gives_the_first_answer,
    progress_of_consumers_is_apart,
    progress_set_as_state_counts,
    progress_may_begin_at_the_first_position,
    progress_changes_the_revision_of_the_state,
}

fn to(position: u64) -> Append {
    Append::default().checkpoint(name("reader"), Position::new(position))
}

fn with_event(position: u64) -> Append {
    Append::to(stream("out"), Any, [event("done")])
        .checkpoint(name("reader"), Position::new(position))
}

#[track_caller]
fn check(store: &Store, position: u64) {
    assert_eq!(store.checkpoint("reader"), Some(Position::new(position)));
}

fn events_and_progress_are_stored_together(store: &Store) {
    let done = store.append(with_event(7));
    assert_eq!(done.position, store.head());
    check(store, 7);
    store.check_stream("out", "out:done@0");
}

fn progress_may_be_stored_alone(store: &Store) {
    let done = store.append(to(7));
    assert!(done.streams.is_empty() && done.position.is_none());
    check(store, 7);
    assert_eq!(store.head(), None);
}

fn progress_must_go_on(store: &Store) {
    store.append(with_event(7));
    for behind in [0, 6, 7] {
        store.refuse(with_event(behind), ErrorKind::ConditionFailed);
    }
    store.refuse(to(6), ErrorKind::ConditionFailed);
    check(store, 7);
    store.append(with_event(8));
    check(store, 8);
}

fn the_same_progress_without_events_is_a_retry(store: &Store) {
    store.append(to(7));
    store.append(to(7));
    check(store, 7);
}

fn a_refused_append_leaves_the_progress(store: &Store) {
    store.append(to(7));
    let append = Append::to(stream("out"), at(3), [event("done")]);
    let append = append.checkpoint(name("reader"), Position::new(8));
    store.refuse(append, ErrorKind::WrongExpectedVersion);
    check(store, 7);
}

fn refused_progress_writes_no_event(store: &Store) {
    store.append(to(7));
    store.refuse(with_event(3), ErrorKind::ConditionFailed);
    store.refuse_read("out", ErrorKind::StreamNotFound);
}

fn a_retry_with_progress_gives_the_first_answer(store: &Store) {
    for (position, expected) in [(7, NoStream), (8, Any)] {
        let append = Append::to(stream("out"), expected, [event("done")]);
        let append = append.checkpoint(name("reader"), Position::new(position));
        let first = store.append(append.clone());
        let again = store.append(append);
        assert!(again.duplicate, "{expected}");
        assert_eq!(again.position, first.position, "{expected}");
        check(store, position);
    }
    store.check_stream("out", "out:done@0 out:done@1");
}

fn progress_of_consumers_is_apart(store: &Store) {
    store.append(to(7));
    store.append(Append::default().checkpoint(name("other"), Position::new(3)));
    check(store, 7);
    assert_eq!(store.checkpoint("other"), Some(Position::new(3)));
}

fn progress_set_as_state_counts(store: &Store) {
    let key = key(StateKind::Checkpoint, "reader");
    let value = |position| Some(StatePut::checkpoint_value(Position::new(position)));
    store.try_put(&key, StateExpected::Any, value(7)).expect("a position may be kept");
    store.refuse(with_event(5), ErrorKind::ConditionFailed);
    store.try_put(&key, StateExpected::Any, value(3)).expect("a position may be kept");
    store.append(with_event(5));
    check(store, 5);
    store.try_put(&key, StateExpected::Any, None).expect("progress may be forgotten");
    store.append(with_event(1));
    check(store, 1);
}

fn progress_may_begin_at_the_first_position(store: &Store) {
    store.append(with_event(0));
    check(store, 0);
    store.refuse(with_event(0), ErrorKind::ConditionFailed);
    store.append(with_event(u64::MAX));
    check(store, u64::MAX);
}

fn progress_changes_the_revision_of_the_state(store: &Store) {
    let key = key(StateKind::Checkpoint, "reader");
    store.append(with_event(1));
    let first = store.state(&key).expect("progress is state");
    store.append(with_event(2));
    let second = store.state(&key).expect("progress is state");
    assert!(second.revision > first.revision);
    let value = Some(StatePut::checkpoint_value(Position::new(9)));
    let error = store
        .try_put(&key, StateExpected::Revision(first.revision), value)
        .expect_err("the progress went on");
    assert_eq!(error.kind(), ErrorKind::ConditionFailed);
}
