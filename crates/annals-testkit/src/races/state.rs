//! Racers on keyed state: compare and set lets one through, and progress counts once.

use annals_core::{Append, ErrorKind, ExpectedVersion::Any, Position, StateExpected, StateKind};

use crate::{
    History, Store,
    case::cases,
    words::{event, key, name, stream},
};

use super::{Attempts, RACERS, all, crowd};

cases! { "races_state", needs []:
    a_counter_counts_every_increment,
    a_lease_has_one_holder,
    two_runners_of_a_consumer_handle_everything_once,
}

fn a_counter_counts_every_increment(store: &Store) {
    const EACH: u64 = 15;
    let counter = key(StateKind::Snapshot, "counter");
    let revisions = crowd(RACERS, |_| {
        let mut revisions = Vec::new();
        let mut attempts = Attempts::default();
        while (revisions.len() as u64) < EACH {
            attempts.next();
            let found = store.state(&counter);
            let count = found.as_ref().map_or(0, |entry| {
                let text = std::str::from_utf8(&entry.value).ok();
                text.and_then(|text| text.parse::<u64>().ok()).expect("a counter is a number")
            });
            let expected = found
                .map_or(StateExpected::Absent, |entry| StateExpected::Revision(entry.revision));
            match store.try_put(&counter, expected, Some((count + 1).to_string().into())) {
                Ok(revision) => revisions.push(revision),
                Err(error) => assert_eq!(error.kind(), ErrorKind::ConditionFailed, "{error}"),
            }
        }
        revisions
    });
    let value = store.state(&counter).map(|entry| entry.value);
    assert_eq!(value, Some((RACERS * EACH).to_string().into()));
    let mut revisions: Vec<_> = revisions.into_iter().flatten().collect();
    revisions.sort_unstable();
    assert!(revisions.is_sorted_by(|one, two| one < two), "no revision comes twice");
}

fn a_lease_has_one_holder(store: &Store) {
    for round in 0..10 {
        let lease = key(StateKind::Lease, &format!("lease-{round}"));
        let held = crowd(RACERS, |racer| {
            let value = format!("holder {racer}");
            store.try_put(&lease, StateExpected::Absent, Some(value.into())).is_ok()
        });
        assert_eq!(held.into_iter().filter(|held| *held).count(), 1);
    }
}

fn two_runners_of_a_consumer_handle_everything_once(store: &Store) {
    const GOAL: u64 = 60;
    let history = History::new();
    crowd(4, |_| {
        let mut attempts = Attempts::default();
        loop {
            attempts.next();
            let next = store.checkpoint("runner").map_or(0, |position| position.get() + 1);
            if next >= GOAL {
                return;
            }
            let handled =
                annals_core::NewEvent { data: next.to_string().into(), ..event("handled") };
            let append = Append::to(stream("out"), Any, [handled])
                .checkpoint(name("runner"), Position::new(next));
            if let Err(error) = history.append(store.backend().as_ref(), append) {
                assert_eq!(error.kind(), ErrorKind::ConditionFailed, "{error}");
            }
        }
    });
    let stored = all(store);
    let handled = stored.iter().map(|event| event.data.clone());
    assert!(handled.eq((0..GOAL).map(|number| number.to_string())));
    history.check(&stored);
}
