//! A mistake in an event is not repeated for everything that uses it.

use annals::{Aggregate, Event, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(format = "toml")]
struct Added(u64);

#[derive(Default, Clone, Serialize, Deserialize)]
struct Counter(u64);

#[aggregate(stream = "counter", key = u64)]
impl Aggregate for Counter {
    type Event = Added;

    fn apply(&mut self, event: &Added) {
        self.0 += event.0;
    }
}

fn main() {}
