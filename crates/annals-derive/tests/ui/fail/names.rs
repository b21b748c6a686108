//! Names that the store would refuse.

use annals::Event;

#[derive(Event)]
#[event(prefix = "")]
enum BankEvent {
    #[event(name = "line\nbreak")]
    Opened { #[tag("")] account: u64 },
    #[event(name = "")]
    Closed,
}

fn main() {}
