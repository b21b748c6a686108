//! A union is no event.

use annals::Event;

#[derive(Event)]
union Bits {
    a: u32,
    b: f32,
}

fn main() {}
