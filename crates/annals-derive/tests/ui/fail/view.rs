//! A view has a name, and nothing else is known.

use annals::{process, view};

trait View {
    const NAME: &'static str;
    const VERSION: u32;
    const FINGERPRINT: u64;
}

struct Nameless;
struct Odd;

#[view(version = 2)]
impl View for Nameless {}

#[view(name = "balances", stream = "account")]
impl View for Odd {}

#[process]
struct Transfers;

fn main() {}
