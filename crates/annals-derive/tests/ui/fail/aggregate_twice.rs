//! Keys that are repeated or exclude each other.

use annals::{Aggregate, Event, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Added(u64);

#[derive(Default, Clone, Serialize, Deserialize)]
struct Counter(u64);

#[aggregate(stream = "counter", stream = "counters", tag = "counter", key = u64)]
impl Aggregate for Counter {
    type Event = Added;

    fn apply(&mut self, event: &Added) {
        self.0 += event.0;
    }
}

fn main() {}
