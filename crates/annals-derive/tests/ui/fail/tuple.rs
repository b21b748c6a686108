//! Several fields without names.

use annals::Event;

#[derive(Event)]
enum BankEvent {
    Deposited(u64, String),
    Empty(),
}

#[derive(Event)]
struct Withdrawn(u64, String);

fn main() {}
