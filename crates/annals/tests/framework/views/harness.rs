//! Views in the test harness: what it accepts, and what it finds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use annals::{testing::view, *};
use serde::{Deserialize, Serialize};

use super::bank::*;

/// The message with which a test fails.
fn failing(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).unwrap_err();
    panic.downcast_ref::<String>().cloned().unwrap()
}

/// It does not store what it counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Forgetful {
    #[serde(skip)]
    events: u32,
}

#[view(name = "forgetful")]
impl View for Forgetful {
    type Key = u8;
    type Event = BankEvent;

    fn route(_: &Recorded<BankEvent>) -> Keys<u8> {
        0.into()
    }

    fn apply(&mut self, _: &Recorded<BankEvent>) -> Keep {
        self.events += 1;
        Keep::Keep
    }
}

/// It looks for its events where they are not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Elsewhere {
    events: u32,
}

#[view(name = "elsewhere")]
impl View for Elsewhere {
    type Key = String;
    type Event = BankEvent;

    fn route(event: &Recorded<BankEvent>) -> Keys<String> {
        event.account().to_owned().into()
    }

    fn apply(&mut self, _: &Recorded<BankEvent>) -> Keep {
        self.events += 1;
        Keep::Keep
    }

    fn query(_: &String) -> Option<Query> {
        Query::any_of([QueryItem::tags([Tag::new("nowhere").ok()?])]).ok()
    }
}

#[test]
fn documents_are_what_the_events_make_of_them() {
    let ann = Account { cents: 8, log: "0 1 ".to_owned() };
    view::<Account>()
        .given([deposited("ann", 7), moved("ann", "bob"), deposited("eve", 1), closed("eve")])
        .then(&"ann".to_owned(), ann)
        .then_none(&"eve".to_owned());
}

#[test]
fn other_documents_than_expected_are_found() {
    let message = failing(|| {
        let ann = view::<Account>().given([deposited("ann", 7)]);
        ann.then(&"ann".to_owned(), Account::default());
    });
    assert!(message.contains("the document of `ann`"), "{message}");
}

#[test]
fn what_is_not_stored_is_found() {
    let message = failing(|| {
        let given = view::<Forgetful>().given([deposited("ann", 1), deposited("ann", 1)]);
        given.then(&0, Forgetful { events: 2 });
    });
    assert!(message.contains("through JSON"), "{message}");
}

#[test]
fn a_query_that_misses_events_is_found() {
    let message = failing(|| {
        let given = view::<Elsewhere>().given([deposited("ann", 1)]);
        given.then(&"ann".to_owned(), Elsewhere { events: 1 });
    });
    assert!(message.contains("`query`"), "{message}");
}
