//! A format that does not exist.

use annals::Event;

#[derive(Event)]
#[event(format = "yaml")]
struct Opened;

fn main() {}
