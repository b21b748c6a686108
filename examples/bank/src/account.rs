//! The write side: what can happen to an account, and what may be asked of it.

use annals::{Aggregate, Changes, Command, Event, aggregate};
use serde::{Deserialize, Serialize};

/// What happens to accounts. Each becomes an event type: `bank.opened`, `bank.deposited`, …
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(prefix = "bank")]
pub(crate) enum BankEvent {
    /// Version 1 had no owner; `upcasters` gives old accounts one.
    #[event(version = 2)]
    Opened {
        account: String,
        owner: String,
        cents: u64,
    },
    Deposited {
        account: String,
        cents: u64,
    },
    Withdrawn {
        account: String,
        cents: u64,
    },
    Closed {
        account: String,
    },
}
use BankEvent::*;

/// The state that decisions are made on: nothing but a fold over the events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) owner: String,
    pub(crate) is_open: bool,
    pub(crate) cents: u64,
}

#[aggregate(stream = "account", key = String, snapshot(every = 50))]
impl Aggregate for Account {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        match event {
            Opened { owner, cents, .. } => {
                *self = Self { owner: owner.clone(), is_open: true, cents: *cents };
            }
            Deposited { cents, .. } => self.cents += cents,
            Withdrawn { cents, .. } => self.cents -= cents,
            Closed { .. } => self.is_open = false,
        }
    }
}

/// Why the bank refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the account is open already")]
    AlreadyOpen,
    #[error("the account is not open")]
    NotOpen,
    #[error("the amount must be more than nothing")]
    NotPositive,
    #[error("{short} cents short")]
    InsufficientFunds { short: u64 },
}

/// What may be asked of an account.
pub(crate) enum Ask {
    Open { owner: String, cents: u64 },
    Deposit(u64),
    Withdraw(u64),
    Close,
}

/// Something asked of one account. The answer is its balance.
pub(crate) struct Request(pub(crate) String, pub(crate) Ask);

impl Command for Request {
    type Aggregate = Account;
    type Output = u64;
    type Error = Refusal;

    fn key(&self) -> String {
        self.0.clone()
    }

    fn decide(&self, state: &mut Changes<'_, Account>) -> Result<u64, Refusal> {
        let account = self.key();
        let event = match &self.1 {
            Ask::Open { .. } if state.is_open => return Err(Refusal::AlreadyOpen),
            Ask::Open { owner, cents } => Opened { account, owner: owner.clone(), cents: *cents },
            _ if !state.is_open => return Err(Refusal::NotOpen),
            Ask::Deposit(0) | Ask::Withdraw(0) => return Err(Refusal::NotPositive),
            Ask::Withdraw(cents) if *cents > state.cents => {
                return Err(Refusal::InsufficientFunds { short: cents - state.cents });
            }
            Ask::Deposit(cents) => Deposited { account, cents: *cents },
            Ask::Withdraw(cents) => Withdrawn { account, cents: *cents },
            Ask::Close => Closed { account },
        };
        // It is applied as soon as it is emitted, so what follows is the new balance.
        state.emit(event);
        Ok(state.cents)
    }
}
