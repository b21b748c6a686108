//! A tag needs a name, and a field gives one.

use annals::Event;

#[derive(Event)]
enum BankEvent {
    Opened(#[tag] u64),
    Closed {
        #[tag(account = "7")]
        account: u64,
        #[tag]
        #[tag("who")]
        owner: String,
    },
}

fn main() {}
