//! Versions are numbers from 1.

use annals::Event;

#[derive(Event)]
#[event(version = 0)]
enum BankEvent {
    #[event(version = "two")]
    Opened,
    #[event(version = 4294967296)]
    Closed,
}

fn main() {}
