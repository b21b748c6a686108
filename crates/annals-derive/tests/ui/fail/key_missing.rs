//! Every event has the key, and always of the same type.

use annals::Event;

#[derive(Event)]
#[event(key = order)]
enum OrderEvent {
    Placed { order: u64 },
    Paid { order: String },
    Shipped { to: String },
    Closed,
}

fn main() {}
