//! A variant that serde leaves out could not be read.

use annals::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum BankEvent {
    Opened { account: u64 },
    #[serde(skip)]
    Cached { account: u64 },
    #[serde(other)]
    Unknown,
}

fn main() {}
