//! Everything at once, as in the documentation.

use std::fmt;

use annals::{Aggregate, Event, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
pub struct AccountId(u64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event(prefix = "bank", key = account)]
pub enum BankEvent {
    Opened { #[tag] account: AccountId, owner: String },
    #[event(version = 2)]
    Deposited { #[tag] account: AccountId, cents: u64 },
    Closed { #[tag("closed")] account: AccountId },
}

#[derive(Default, Clone, Serialize, Deserialize)]
pub struct Account {
    cents: u64,
}

#[aggregate(stream = "account", key = AccountId, snapshot(every = 50, on("bank.closed")), unknown = "refuse")]
impl Aggregate for Account {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        if let BankEvent::Deposited { cents, .. } = event {
            self.cents += cents;
        }
    }
}

fn main() {
    let event = BankEvent::Deposited { account: AccountId(7), cents: 5 };
    assert_eq!(event.account(), &AccountId(7));
    assert_eq!(event.schema().name, "bank.deposited");
    assert_eq!(event.tags().unwrap().as_slice()[0].as_str(), "account:7");
    assert_eq!(&event.encode().unwrap()[..], br#"{"account":7,"cents":5}"#);
    assert_eq!(Account::CATEGORY, "account");
}
