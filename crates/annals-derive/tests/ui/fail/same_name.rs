//! Two variants that are the same event type.

use annals::Event;

#[derive(Event)]
#[event(prefix = "bank")]
enum BankEvent {
    Opened,
    #[event(name = "bank.opened", version = 2)]
    OpenedAgain,
}

fn main() {}
