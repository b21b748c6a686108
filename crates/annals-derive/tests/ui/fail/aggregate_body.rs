//! Errors in the impl are reported where they stand.

use annals::{Aggregate, Event, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Added(u64);

#[derive(Default, Clone, Serialize, Deserialize)]
struct Counter(u64);

#[aggregate(stream = "counter", key = u64)]
impl Aggregate for Counter {
    type Event = Added;

    fn apply(&mut self, event: &Added) {
        self.0 += event.count;
    }
}

fn main() {}
