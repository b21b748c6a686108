//! A generic type has no list of events.

use annals::Event;

#[derive(Event)]
struct Added<T> {
    value: T,
}

fn main() {}
