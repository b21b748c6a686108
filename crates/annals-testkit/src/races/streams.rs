//! Racers on streams: each version is won once, nothing is lost, doubled or torn.

use annals_core::{
    Append, DeleteMode, ErrorKind,
    ExpectedVersion::{self, Any, Exact, NoStream},
    Version,
};

use crate::{
    History, Store,
    case::cases,
    words::{event, events, stream, version},
};

use super::{Attempts, RACERS, all, crowd};

cases! { "races_streams", needs []:
    each_version_is_won_once,
    of_many_who_begin_a_stream_one_does,
    without_expectations_everybody_wins,
    appends_of_many_events_are_never_mixed,
    streams_of_their_own_are_never_refused,
    a_deleted_stream_never_gives_a_version_twice,
    nothing_comes_after_a_tombstone,
}

/// The expected version that is right just now.
fn current(store: &Store, name: &str) -> ExpectedVersion {
    store.info_of(name).last_version.map_or(NoStream, Exact)
}

fn each_version_is_won_once(store: &Store) {
    const GOAL: u64 = 150;
    let history = History::new();
    let backend = store.backend();
    let won = crowd(RACERS, |_| {
        let mut won = Vec::new();
        let mut attempts = Attempts::default();
        loop {
            attempts.next();
            let expected = current(store, "s");
            if matches!(expected, Exact(last) if last.get() + 1 >= GOAL) {
                return won;
            }
            let append = Append::to(stream("s"), expected, [event("a")]);
            match history.append(backend.as_ref(), append) {
                Ok(answer) => won.extend(answer.streams.first().and_then(|row| row.last_version)),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WrongExpectedVersion, "{error}"),
            }
        }
    });
    let mut won: Vec<_> = won.into_iter().flatten().map(Version::get).collect();
    won.sort_unstable();
    assert!(won.iter().copied().eq(0..GOAL), "each version has one winner: {won:?}");
    history.check(&all(store));
}

fn of_many_who_begin_a_stream_one_does(store: &Store) {
    let history = History::new();
    let backend = store.backend();
    let begun = crowd(RACERS, |_| {
        let begin = |round: &u64| {
            let append = Append::to(stream(&format!("s-{round}")), NoStream, [event("a")]);
            history.append(backend.as_ref(), append).is_ok()
        };
        (0..20).filter(begin).count()
    });
    assert_eq!(begun.into_iter().sum::<usize>(), 20);
    history.check(&all(store));
}

fn without_expectations_everybody_wins(store: &Store) {
    let history = History::new();
    let backend = store.backend();
    crowd(RACERS, |_| {
        for _ in 0..25 {
            let append = Append::to(stream("s"), Any, [event("a")]);
            history.append(backend.as_ref(), append).expect("nothing is expected");
        }
    });
    assert_eq!(all(store).len(), 200);
    history.check(&all(store));
}

fn appends_of_many_events_are_never_mixed(store: &Store) {
    let history = History::new();
    let backend = store.backend();
    crowd(RACERS, |racer| {
        for round in 0..15 {
            let events = (0..=(racer + round) % 7).map(|_| event("a"));
            let append = Append::to(stream("s"), Any, events);
            history.append(backend.as_ref(), append).expect("nothing is expected");
        }
    });
    history.check(&all(store));
}

fn streams_of_their_own_are_never_refused(store: &Store) {
    let history = History::new();
    let backend = store.backend();
    crowd(RACERS, |racer| {
        let mut expected = NoStream;
        for round in 0..25 {
            let append = Append::to(stream(&format!("s-{racer}")), expected, [event("a")]);
            history.append(backend.as_ref(), append).expect("nobody else writes here");
            expected = Exact(version(round));
        }
    });
    history.check(&all(store));
}

fn a_deleted_stream_never_gives_a_version_twice(store: &Store) {
    let history = History::new();
    let backend = store.backend();
    crowd(RACERS, |racer| {
        for _ in 0..15 {
            if racer == 0 {
                // It may not exist yet, which is a conflict.
                drop(store.try_delete("s", Any, DeleteMode::Soft));
            } else {
                let append = Append::to(stream("s"), Any, events(["a", "b"]));
                history.append(backend.as_ref(), append).expect("a deleted stream comes back");
            }
        }
    });
    history.check(&all(store));
}

fn nothing_comes_after_a_tombstone(store: &Store) {
    let history = History::new();
    let backend = store.backend();
    crowd(RACERS, |racer| {
        for round in 0..20 {
            if racer == 0 && round == 5 {
                store.tombstone("s");
            }
            if let Err(error) =
                history.append(backend.as_ref(), Append::to(stream("s"), Any, [event("a")]))
            {
                assert_eq!(error.kind(), ErrorKind::StreamDeleted, "{error}");
            }
        }
    });
    let stored = all(store);
    let last = stored.iter().rfind(|event| event.stream == stream("s"));
    assert_eq!(last.map(|event| event.version), Some(Version::DELETED));
    history.check(&stored);
}
