//! Unknown keys, on the type and on a variant.

use annals::Event;

#[derive(Event)]
#[event(prefiks = "bank", name = "all")]
enum BankEvent {
    #[event(prefix = "bank")]
    Opened,
    #[event("closed")]
    Closed,
}

fn main() {}
