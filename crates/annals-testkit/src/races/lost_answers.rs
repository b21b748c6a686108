//! Answers that are lost: the caller gives up somewhere on the way and sends the same append
//! again. Nothing is doubled, nothing is lost.

use annals_core::{
    Append, Appended, ErrorKind,
    ExpectedVersion::{Any, Exact, NoStream, StreamExists},
};
use futures_lite::future::{block_on, poll_once};

use crate::{
    History, Outcome, Store,
    case::cases,
    random::Random,
    words::{event, events, stream, tagged, tags, version},
};

use super::{RACERS, all, crowd};

cases! { "races_lost_answers", needs [MultiStream, Conditions]:
    a_retry_with_any_version_doubles_nothing,
    a_retry_at_an_exact_version_doubles_nothing,
    a_retry_to_several_streams_doubles_nothing,
    a_retry_under_a_condition_doubles_nothing,
    the_same_append_sent_by_many_at_once_is_stored_once,
    retries_while_the_first_attempt_is_on_its_way_get_its_answer,
}

/// Begins an append and gives up: before it is sent, on its way, or with the answer unread.
fn give_up(store: &Store, history: &History, append: &Append, random: &mut Random) {
    let began = history.now();
    let backend = store.backend();
    let future = backend.append(append.clone());
    match random.below(3) {
        0 => drop(future),
        1 => drop(block_on(poll_once(future))),
        _ => drop(block_on(future)),
    }
    history.note(append.clone(), Outcome::Unknown, began);
}

/// Sends an append until there is an answer, giving up a few times before.
fn insist(store: &Store, history: &History, append: &Append, random: &mut Random) -> Appended {
    for _ in 0..random.below(4) {
        give_up(store, history, append, random);
    }
    history
        .append(store.backend().as_ref(), append.clone())
        .unwrap_or_else(|error| panic!("the retry was refused: {error}"))
}

fn a_retry_with_any_version_doubles_nothing(store: &Store) {
    let history = History::new();
    crowd(RACERS, |racer| {
        let mut random = Random::new(racer);
        for round in 0..15 {
            let expected = if round == 0 { Any } else { random.pick(&[Any, StreamExists]) };
            let events = (0..=random.below(3)).map(|_| event("a"));
            let append = Append::to(stream("s"), expected, events);
            insist(store, &history, &append, &mut random);
        }
    });
    history.check(&all(store));
}

fn a_retry_at_an_exact_version_doubles_nothing(store: &Store) {
    let history = History::new();
    crowd(RACERS, |racer| {
        let mut random = Random::new(racer);
        let name = format!("s-{racer}");
        let mut expected = NoStream;
        for round in 0..15 {
            let append = Append::to(stream(&name), expected, events(["a", "b"]));
            let answer = insist(store, &history, &append, &mut random);
            let last = version(2 * round + 1);
            assert_eq!(answer.streams.first().and_then(|row| row.last_version), Some(last));
            expected = Exact(last);
        }
    });
    history.check(&all(store));
}

fn a_retry_to_several_streams_doubles_nothing(store: &Store) {
    let history = History::new();
    crowd(RACERS, |racer| {
        let mut random = Random::new(racer);
        let own = format!("s-{racer}");
        let mut expected = NoStream;
        for round in 0..12 {
            let append = Append::to(stream(&own), expected, [event("a")])
                .and(stream("shared"), Any, events(["b", "c"]))
                .and(stream(&format!("t-{racer}-{round}")), NoStream, [event("d")]);
            insist(store, &history, &append, &mut random);
            expected = Exact(version(round));
        }
    });
    let stored = all(store);
    assert_eq!(stored.len() as u64, RACERS * 12 * 4);
    history.check(&stored);
}

fn a_retry_under_a_condition_doubles_nothing(store: &Store) {
    let history = History::new();
    crowd(RACERS, |racer| {
        let mut random = Random::new(racer);
        let own = format!("account:{racer}");
        let mut after = None;
        for _ in 0..15 {
            let append = Append::to(stream("s"), Any, [tagged("a", [&own])]);
            let append = append.unless(tags([&*own]), after);
            after = insist(store, &history, &append, &mut random).position;
        }
    });
    let stored = all(store);
    assert_eq!(stored.len() as u64, RACERS * 15);
    history.check(&stored);
}

/// Everybody sends the same append; one of them stores it and all get the same answer.
#[track_caller]
fn check_together(store: &Store, history: &History, append: &Append) {
    let answers = crowd(RACERS, |_| {
        history
            .append(store.backend().as_ref(), append.clone())
            .unwrap_or_else(|error| panic!("the retry was refused: {error}"))
    });
    let stored = answers.iter().filter(|answer| !answer.duplicate).count();
    assert_eq!(stored, 1, "one attempt stores the events");
    let first = answers.first().expect("there are answers");
    for answer in &answers {
        let same = (&answer.streams, answer.position) == (&first.streams, first.position);
        assert!(same, "all get the same answer: {answer:?} and {first:?}");
    }
}

fn the_same_append_sent_by_many_at_once_is_stored_once(store: &Store) {
    let history = History::new();
    for round in 0..8 {
        let name = format!("s-{round}");
        check_together(store, &history, &Append::to(stream(&name), NoStream, events(["a", "b"])));
        check_together(store, &history, &Append::to(stream(&name), Any, events(["c", "d"])));
        let exact = Append::to(stream(&name), Exact(version(3)), events(["e"]));
        check_together(store, &history, &exact);
        let several = Append::to(stream(&name), Any, events(["f"])).and(
            stream("shared"),
            Any,
            events(["g", "h"]),
        );
        check_together(store, &history, &several);
    }
    history.check(&all(store));
}

fn retries_while_the_first_attempt_is_on_its_way_get_its_answer(store: &Store) {
    let history = History::new();
    let backend = store.backend();
    for _ in 0..20 {
        let append = Append::to(stream("s"), Any, events(["a", "b"]));
        let began = history.now();
        let first = backend.append(append.clone());
        let second = backend.append(append.clone());
        let (first, second) = block_on(futures_lite::future::zip(first, second));
        for answer in [&first, &second] {
            history.note(append.clone(), Outcome::of(answer), began);
        }
        let [first, second] = [first, second].map(|answer| answer.expect("nothing is expected"));
        assert_eq!((first.streams, first.position), (second.streams, second.position));
        assert!(first.duplicate != second.duplicate, "one of them stores the events");
    }
    let conflict = Append::to(stream("s"), NoStream, [event("x")]);
    store.refuse(conflict, ErrorKind::WrongExpectedVersion);
    history.check(&all(store));
}
