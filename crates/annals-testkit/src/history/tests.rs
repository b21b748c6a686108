//! The checker accepts what a right store did and reports each kind of wrong.

use annals_core::{
    Append, Appended, Backend, ExpectedVersion::Any, MemoryBackend, Position, Query, Read, ReadAll,
    RecordedEvent,
};
use futures_lite::{StreamExt, future::block_on};

use super::{History, Outcome};
use crate::words::{at, event, events, stream, types, version};

fn all(store: &MemoryBackend) -> Vec<RecordedEvent> {
    block_on(store.read(Read::from(ReadAll::new(Query::all()))).try_collect())
        .expect("memory can be read")
}

/// Two appends, a refused one, a deletion and a conditional append on a right store.
fn right() -> (History, Vec<RecordedEvent>) {
    let (history, store) = (History::new(), MemoryBackend::new());
    let append = |append| history.append(&store, append);
    append(Append::to(stream("s"), Any, events(["a", "b"]))).expect("the first append");
    append(Append::to(stream("s"), at(0), [event("refused")])).expect_err("a stale version");
    let conditional = Append::to(stream("t"), Any, [event("c")]);
    append(conditional.clone().unless(types(["a"]), None)).expect_err("there is an `a`");
    append(conditional.unless(types(["c"]), None)).expect("there is no `c`");
    let stored = all(&store);
    (history, stored)
}

/// A change to what is stored is reported with these words.
#[track_caller]
fn check(change: impl FnOnce(&mut Vec<RecordedEvent>), expected: &str) {
    let (history, mut stored) = right();
    change(&mut stored);
    let violations = history.violations(&stored);
    let shown: Vec<_> = violations.iter().map(ToString::to_string).collect();
    assert!(shown.iter().any(|violation| violation.contains(expected)), "{shown:?}");
}

#[test]
fn a_right_store_has_no_violation() {
    let (history, stored) = right();
    assert_eq!(history.violations(&stored), []);
}

#[test]
fn a_lost_event_is_reported() {
    check(|stored| drop(stored.pop()), "was acknowledged, but is not stored");
}

#[test]
fn half_an_append_is_reported() {
    check(|stored| drop(stored.remove(1)), "only 1 are stored");
}

#[test]
fn a_doubled_event_is_reported() {
    let double = |stored: &mut Vec<RecordedEvent>| {
        let again = RecordedEvent { position: Position::new(9), ..stored[2].clone() };
        stored.push(RecordedEvent { version: version(1), ..again });
    };
    check(double, "is stored more than once");
}

#[test]
fn an_invented_event_is_reported() {
    let invent = |stored: &mut Vec<RecordedEvent>| {
        stored[2].id = annals_core::EventId::random();
    };
    check(invent, "nobody wrote it");
}

#[test]
fn a_changed_event_is_reported() {
    check(|stored| stored[0].data = "[]".into(), "not as it was written");
}

#[test]
fn a_gap_in_the_versions_is_reported() {
    check(|stored| stored[1].version = version(2), "where version 1 belongs");
}

#[test]
fn an_answer_that_names_another_place_is_reported() {
    check(|stored| stored[2].position = Position::new(7), "was answered with position");
}

#[test]
fn foreign_events_inside_an_append_are_reported() {
    check(|stored| stored.swap(1, 2), "in the middle of the append");
}

#[test]
fn a_refused_event_that_is_stored_is_reported() {
    let (history, store) = (History::new(), MemoryBackend::new());
    let append = Append::to(stream("s"), Any, [event("a")]);
    block_on(store.append(append.clone())).expect("memory takes it");
    history.note(append, Outcome::Refused(None), history.now());
    let shown = history.violations(&all(&store))[0].to_string();
    assert!(shown.contains("was refused, but is stored"), "{shown}");
}

#[test]
fn an_append_of_unknown_outcome_may_be_stored_or_not() {
    let (history, store) = (History::new(), MemoryBackend::new());
    let [one, two] = [(); 2].map(|()| Append::to(stream("s"), Any, [event("a")]));
    block_on(store.append(one.clone())).expect("memory takes it");
    for append in [one, two] {
        history.note(append, Outcome::Unknown, history.now());
    }
    assert_eq!(history.violations(&all(&store)), []);
}

#[test]
fn an_accepted_condition_that_did_not_hold_is_reported() {
    let (history, store) = (History::new(), MemoryBackend::new());
    let first = Append::to(stream("s"), Any, [event("a")]);
    history.append(&store, first).expect("memory takes it");
    let second = Append::to(stream("s"), Any, [event("b")]);
    let answer = block_on(store.append(second.clone())).expect("memory takes it");
    let pretended = second.unless(types(["a"]), None);
    history.note(pretended, Outcome::Stored(answer), history.now());
    let shown = history.violations(&all(&store))[0].to_string();
    assert!(shown.contains("matches its condition"), "{shown}");
}

#[test]
fn a_later_append_that_stands_before_an_earlier_one_is_reported() {
    let (history, store) = (History::new(), MemoryBackend::new());
    let [one, two] = [(); 2].map(|()| Append::to(stream("s"), Any, [event("a")]));
    let answers = [&one, &two].map(|append| -> Appended {
        block_on(store.append(append.clone())).expect("memory takes it")
    });
    let [of_one, of_two] = answers;
    history.note(two, Outcome::Stored(of_two), history.now());
    history.note(one, Outcome::Stored(of_one), history.now());
    let shown = history.violations(&all(&store))[0].to_string();
    assert!(shown.contains("began after"), "{shown}");
}
