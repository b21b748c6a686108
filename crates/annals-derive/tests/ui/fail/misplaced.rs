//! Attributes that mean nothing where they stand.

use annals::Event;

#[derive(Event)]
#[tag]
enum BankEvent {
    #[tag("account")]
    Opened {
        #[event(name = "id")]
        account: u64,
    },
    #[event]
    Closed,
}

fn main() {}
