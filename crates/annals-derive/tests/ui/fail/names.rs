//! Names that the store would refuse, or that are not what they seem.

use annals::Event;

#[derive(Event)]
#[event(prefix = "")]
enum BankEvent {
    #[event(name = "line\nbreak")]
    Opened {
        #[tag("")]
        account: u64,
    },
    #[event(name = "")]
    Closed,
    #[event(name = "$metadata")]
    Noted,
}

#[derive(Event)]
#[event(prefix = "shop.")]
struct Sold;

fn main() {}
