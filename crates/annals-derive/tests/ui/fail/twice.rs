//! Each key is said once.

use annals::Event;

#[derive(Event)]
#[event(prefix = "bank", prefix = "banks")]
#[event(version = 2)]
#[event(version = 3)]
struct Opened;

fn main() {}
