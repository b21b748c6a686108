//! Racers under conditions: each reads, decides and appends only if nothing new of the kind came;
//! between reading and appending the others go on.

use annals_core::{
    Append, ErrorKind,
    ExpectedVersion::{Any, Exact, NoStream},
    NewEvent, Position, Query, QueryItem, ReadAll, RecordedEvent,
};

use crate::{
    History, Store,
    case::cases,
    random::Random,
    words::{any_of, event, of_types, stream, tag, tagged, tags, types, with_tags},
};

use super::{Attempts, RACERS, all, crowd};

cases! { "races_boundaries", needs [Conditions, MultiStream]:
    every_invoice_number_is_given_once_without_a_gap,
    seats_are_never_oversold,
    a_name_is_taken_once,
    unrelated_boundaries_never_refuse_each_other,
    accepted_conditions_held_where_the_append_stands,
    money_moves_between_two_streams_without_a_loss,
}

/// Appends if the condition holds; whether it did.
fn try_append(store: &Store, history: &History, append: Append) -> bool {
    match history.append(store.backend().as_ref(), append) {
        Ok(answer) => {
            assert!(!answer.duplicate, "these events were never written before");
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConditionFailed, "{error}");
            false
        }
    }
}

fn every_invoice_number_is_given_once_without_a_gap(store: &Store) {
    const EACH: u64 = 12;
    let history = History::new();
    crowd(RACERS, |_| {
        let mut made = 0;
        let mut attempts = Attempts::default();
        while made < EACH {
            attempts.next();
            let invoices = ReadAll::new(types(["invoiced"]));
            let newest = store.read(invoices.backward().limit(1));
            let number = newest.first().map_or(1, |event| number_of(event) + 1);
            let invoice = NewEvent { data: number.to_string().into(), ..event("invoiced") };
            let append = Append::to(stream("invoices"), Any, [invoice])
                .unless(types(["invoiced"]), newest.first().map(|event| event.position));
            made += u64::from(try_append(store, &history, append));
        }
    });
    let stored = all(store);
    assert!(stored.iter().map(number_of).eq(1..=RACERS * EACH));
    history.check(&stored);
}

fn number_of(event: &RecordedEvent) -> u64 {
    let text = std::str::from_utf8(&event.data).ok();
    text.and_then(|text| text.parse().ok()).expect("an invoice holds its number")
}

fn seats_are_never_oversold(store: &Store) {
    const SEATS: usize = 10;
    let history = History::new();
    let courses = ["course:a", "course:b", "course:c"];
    crowd(RACERS, |racer| {
        let mut random = Random::new(racer);
        let mut open = courses.to_vec();
        let mut attempts = Attempts::default();
        while !open.is_empty() {
            attempts.next();
            let course = random.pick(&open);
            let after = store.head();
            let query = any_of([with_tags([course])]);
            let taken = store.read(ReadAll { to: after, ..ReadAll::new(query.clone()) }).len();
            let taken = if after.is_none() { 0 } else { taken };
            if taken >= SEATS {
                open.retain(|other| *other != course);
                continue;
            }
            let student = format!("student:{racer}");
            let append = Append::to(stream("seats"), Any, [tagged("taken", [course, &student])]);
            try_append(store, &history, append.unless(query, after));
        }
    });
    let stored = all(store);
    for course in courses {
        let taken = stored.iter().filter(|event| event.tags.contains(&tag(course))).count();
        assert_eq!(taken, SEATS, "{course}");
    }
    history.check(&stored);
}

fn a_name_is_taken_once(store: &Store) {
    let history = History::new();
    let taken = crowd(RACERS, |racer| {
        let take = |round: &u64| {
            let name = format!("name:{round}");
            let append =
                Append::to(stream(&format!("user-{racer}")), Any, [tagged("taken", [&name])]);
            try_append(store, &history, append.unless(tags([&*name]), None))
        };
        (0..15).filter(take).count()
    });
    assert_eq!(taken.into_iter().sum::<usize>(), 15);
    history.check(&all(store));
}

fn unrelated_boundaries_never_refuse_each_other(store: &Store) {
    let history = History::new();
    crowd(RACERS, |racer| {
        let own = format!("account:{racer}");
        let mut after = None;
        for _ in 0..20 {
            let append = Append::to(stream("all"), Any, [tagged("moved", [&own])]);
            let append = append.unless(tags([&*own]), after);
            let answer = history.append(store.backend().as_ref(), append);
            after = answer.expect("nobody else writes to this boundary").position;
        }
    });
    history.check(&all(store));
}

/// A query over few types and tags, so that racers often meet.
fn any_query(random: &mut Random) -> Query {
    let item = |random: &mut Random| {
        let with_type = of_types([random.pick(&["a", "b", "c"])]);
        let with_tag = with_tags([random.pick(&["x", "y", "z"])]);
        match random.below(3) {
            0 => with_type,
            1 => with_tag,
            _ => QueryItem { types: with_type.types, ..with_tag },
        }
    };
    if random.one_in(4) {
        return any_of([item(random), item(random)]);
    }
    any_of([item(random)])
}

fn accepted_conditions_held_where_the_append_stands(store: &Store) {
    let history = History::new();
    let accepted = crowd(RACERS, |racer| {
        let mut random = Random::new(100 + racer);
        let mut accepted = 0;
        // The head is read now and then only, so that decisions are often made from what is old.
        let mut seen: Option<Position> = None;
        for _ in 0..40 {
            if random.one_in(3) {
                seen = store.head();
            }
            let new = tagged(random.pick(&["a", "b", "c"]), [random.pick(&["x", "y", "z"])]);
            let name = random.pick(&["s", "t", "u"]);
            let mut append =
                Append::to(stream(name), Any, [new]).unless(any_query(&mut random), seen);
            if random.one_in(4) {
                append = append.unless(any_query(&mut random), seen);
            }
            accepted += u64::from(try_append(store, &history, append));
        }
        accepted
    });
    assert!(accepted.into_iter().sum::<u64>() > 0, "somebody must get through");
    history.check(&all(store));
}

fn money_moves_between_two_streams_without_a_loss(store: &Store) {
    let history = History::new();
    let accounts = ["account-a", "account-b", "account-c"];
    let moved = crowd(RACERS, |racer| {
        let mut random = Random::new(racer);
        let mut moved = 0;
        for _ in 0..25 {
            let from = random.pick(&accounts);
            let others: Vec<_> = accounts.iter().filter(|name| **name != from).collect();
            let to = *random.pick(&others);
            let expected =
                [from, to].map(|name| store.info_of(name).last_version.map_or(NoStream, Exact));
            let append = Append::to(stream(from), expected[0], [event("withdrawn")]).and(
                stream(to),
                expected[1],
                [event("deposited")],
            );
            match history.append(store.backend().as_ref(), append) {
                Ok(_) => moved += 1,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WrongExpectedVersion, "{error}");
                }
            }
        }
        moved
    });
    let stored = all(store);
    let count = |of: &str| stored.iter().filter(|e| e.event_type.as_str() == of).count();
    let moved: usize = moved.into_iter().sum();
    assert_eq!((count("withdrawn"), count("deposited")), (moved, moved));
    assert!(moved > 0, "somebody must get through");
    history.check(&stored);
}
