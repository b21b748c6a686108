//! Impl blocks that the attributes fill in.

use std::time::Duration;

use annals::{Aggregate, Event, Scope, Snapshots, Unknown, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum Counted {
    Added { by: i64 },
}

/// A counter in a module of its own, so that all of them can have the same name.
macro_rules! counter {
    ($module:ident, [$($attribute:tt)*], $apply:expr) => {
        mod $module {
            use super::*;

            #[derive(Default, Clone, Serialize, Deserialize)]
            pub(super) struct Counter(pub(super) i64);

            #[aggregate($($attribute)*)]
            impl Aggregate for Counter {
                type Event = Counted;

                fn apply(&mut self, event: &Counted) {
                    let apply: fn(&mut i64, &Counted) = $apply;
                    apply(&mut self.0, event);
                }
            }
        }
    };
}

counter!(plain, [stream = "counter", key = u64], |n, Counted::Added { by }| *n += by);
counter!(minus, [stream = "counter", key = u64], |n, Counted::Added { by }| *n -= by);
counter!(newer, [stream = "counter", key = u64, version = 2], |n, Counted::Added { by }| *n += by);
counter!(
    full,
    [
        tag = "counter",
        key = String,
        snapshot(every = 50, after = "1h", on("closed", "archived")),
        unknown = "refuse"
    ],
    |n, Counted::Added { by }| *n += by
);

#[test]
fn the_short_form_leaves_the_rest_to_the_trait() {
    type Counter = plain::Counter;
    let key: <Counter as Aggregate>::Key = 7_u64;
    assert_eq!(key, 7);
    assert_eq!(Counter::CATEGORY, "counter");
    assert_eq!(Counter::SCOPE, Scope::Stream);
    assert_eq!(Counter::UNKNOWN, Unknown::Skip);
    assert_eq!(Counter::SNAPSHOTS, Snapshots::NEVER);
}

#[test]
fn the_long_form_says_everything() {
    type Counter = full::Counter;
    let key: <Counter as Aggregate>::Key = String::new();
    assert_eq!(key, "");
    assert_eq!(Counter::SCOPE, Scope::Tag);
    assert_eq!(Counter::UNKNOWN, Unknown::Refuse);
    let expected = Snapshots {
        every: Some(50),
        after: Some(Duration::from_secs(3_600)),
        on: &["closed", "archived"],
    };
    assert_eq!(Counter::SNAPSHOTS, expected);
}

#[test]
fn the_fold_stays_as_it_was_written() {
    let mut counter = plain::Counter::default();
    counter.apply(&Counted::Added { by: 3 });
    counter.apply(&Counted::Added { by: 4 });
    assert_eq!(counter.0, 7);
}

#[test]
fn the_fingerprint_changes_with_the_fold_and_with_the_version() {
    let plain = plain::Counter::FINGERPRINT;
    assert_ne!(plain, minus::Counter::FINGERPRINT);
    assert_ne!(plain, newer::Counter::FINGERPRINT);
    assert_eq!(plain, full::Counter::FINGERPRINT);
}

trait Named {
    const NAME: &'static str;
    const VERSION: u32;
    const FINGERPRINT: u64;

    fn answer() -> u8;
}

#[test]
fn consumers_get_a_name_a_version_and_a_fingerprint() {
    struct Balances;
    struct Transfers;

    #[annals::view(name = "balances", version = 3)]
    impl Named for Balances {
        fn answer() -> u8 {
            1
        }
    }

    #[annals::process(name = "transfers")]
    impl Named for Transfers {
        fn answer() -> u8 {
            2
        }
    }

    assert_eq!((Balances::NAME, Balances::VERSION, Balances::answer()), ("balances", 3, 1));
    assert_eq!((Transfers::NAME, Transfers::VERSION, Transfers::answer()), ("transfers", 1, 2));
    assert_ne!(Balances::FINGERPRINT, Transfers::FINGERPRINT);
}
