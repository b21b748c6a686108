//! A tag is made of text.

use annals::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Opened {
    #[tag]
    account: AccountId,
}

#[derive(Serialize, Deserialize)]
struct AccountId(u64);

fn main() {}
