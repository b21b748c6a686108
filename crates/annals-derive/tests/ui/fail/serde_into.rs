//! An enum that serde converts has no variants to read.

use annals::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize, Clone)]
#[serde(from = "u64", into = "u64")]
enum BankEvent {
    Opened(u64),
}

impl From<u64> for BankEvent {
    fn from(account: u64) -> Self {
        Self::Opened(account)
    }
}

impl From<BankEvent> for u64 {
    fn from(BankEvent::Opened(account): BankEvent) -> Self {
        account
    }
}

fn main() {}
