//! Invoice numbers without gaps: the query is by type alone, and only its newest event matters.

use annals_core::{Append, ErrorKind, ExpectedVersion::Any, Position, ReadAll};

use crate::{
    Store,
    case::cases,
    words::{many, stream, tagged, types},
};

cases! { "examples_invoices", needs [Conditions]:
    the_first_invoice_has_number_1_and_the_next_has_number_2,
    of_two_who_make_an_invoice_one_gets_the_number,
    other_events_do_not_disturb,
}

/// The next number, and the newest invoice it follows from.
fn next(store: &Store) -> (u64, Option<Position>) {
    let newest = store.read(ReadAll::new(types(["invoiced"])).backward().limit(1));
    let Some(event) = newest.first() else { return (1, None) };
    let number = event.tags.into_iter().find_map(|tag| tag.as_str().strip_prefix("invoice:"));
    let number: u64 = number.and_then(|number| number.parse().ok()).expect("invoices are numbered");
    (number + 1, Some(event.position))
}

fn invoice((number, after): (u64, Option<Position>)) -> Append {
    let event = tagged("invoiced", [format!("invoice:{number}").as_str()]);
    Append::to(stream("invoices"), Any, [event]).unless(types(["invoiced"]), after)
}

fn numbers(store: &Store) -> Vec<String> {
    let events = store.read(ReadAll::new(types(["invoiced"])));
    events.iter().flat_map(|event| &event.tags).map(ToString::to_string).collect()
}

fn the_first_invoice_has_number_1_and_the_next_has_number_2(store: &Store) {
    store.append(invoice(next(store)));
    store.append(invoice(next(store)));
    assert_eq!(numbers(store), ["invoice:1", "invoice:2"]);
}

fn of_two_who_make_an_invoice_one_gets_the_number(store: &Store) {
    for _ in 0..3 {
        let [one, two] = [next(store), next(store)];
        store.append(invoice(one));
        store.refuse(invoice(two), ErrorKind::ConditionFailed);
        store.append(invoice(next(store)));
    }
    let expected: Vec<_> = (1..=6).map(|number| format!("invoice:{number}")).collect();
    assert_eq!(numbers(store), expected);
}

fn other_events_do_not_disturb(store: &Store) {
    store.append(invoice(next(store)));
    let decided = next(store);
    store.append_to("noise", Any, many(2_000, "noise"));
    store.append(invoice(decided));
    assert_eq!(numbers(store), ["invoice:1", "invoice:2"]);
}
