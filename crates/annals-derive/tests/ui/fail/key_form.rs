//! The key is the name of a field.

use annals::Event;

#[derive(Event)]
#[event(key = "order")]
struct Placed {
    order: u64,
}

fn main() {}
