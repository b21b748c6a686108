//! The bank that most tests use: accounts in integer cents.

use annals::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(prefix = "bank")]
pub(crate) enum BankEvent {
    Opened { owner: String },
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
    Closed,
}
pub(crate) use BankEvent::{Closed, Deposited, Opened, Withdrawn};

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) owner: String,
    pub(crate) balance: u64,
    pub(crate) is_closed: bool,
}

#[aggregate(stream = "account", key = String)]
impl Aggregate for Account {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        take(self, event);
    }
}

/// What an event does to an account; shared with accounts that keep snapshots.
pub(crate) fn take(account: &mut Account, event: &BankEvent) {
    match event {
        Opened { owner } => account.owner.clone_from(owner),
        Deposited { cents } => account.balance += cents,
        Withdrawn { cents } => account.balance -= cents,
        Closed => account.is_closed = true,
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BankError {
    NotOpen,
    Insufficient { short: u64 },
}

impl std::fmt::Display for BankError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for BankError {}

pub(crate) struct Open {
    pub(crate) id: &'static str,
    pub(crate) owner: &'static str,
}

pub(crate) struct Deposit {
    pub(crate) id: &'static str,
    pub(crate) cents: u64,
}

pub(crate) struct Withdraw {
    pub(crate) id: &'static str,
    pub(crate) cents: u64,
}

impl Command for Open {
    type Aggregate = Account;
    type Output = ();
    type Error = BankError;

    fn key(&self) -> String {
        self.id.to_owned()
    }

    fn decide(&self, state: &mut Changes<'_, Account>) -> Result<(), BankError> {
        state.emit(Opened { owner: self.owner.to_owned() });
        Ok(())
    }
}

impl Command for Deposit {
    type Aggregate = Account;
    type Output = u64;
    type Error = BankError;

    fn key(&self) -> String {
        self.id.to_owned()
    }

    fn decide(&self, state: &mut Changes<'_, Account>) -> Result<u64, BankError> {
        if state.owner.is_empty() || state.is_closed {
            return Err(BankError::NotOpen);
        }
        state.emit(Deposited { cents: self.cents });
        Ok(state.balance)
    }
}

impl Command for Withdraw {
    type Aggregate = Account;
    type Output = u64;
    type Error = BankError;

    fn key(&self) -> String {
        self.id.to_owned()
    }

    fn decide(&self, state: &mut Changes<'_, Account>) -> Result<u64, BankError> {
        if state.owner.is_empty() || state.is_closed {
            return Err(BankError::NotOpen);
        }
        if state.balance < self.cents {
            return Err(BankError::Insufficient { short: self.cents - state.balance });
        }
        state.emit(Withdrawn { cents: self.cents });
        Ok(state.balance)
    }
}

/// Money from one account to another: two streams, one commit.
pub(crate) struct Transfer {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) cents: u64,
}

impl Command for Transfer {
    type Aggregate = (Account, Account);
    type Output = ();
    type Error = BankError;

    fn key(&self) -> (String, String) {
        (self.from.clone(), self.to.clone())
    }

    fn decide(&self, state: &mut Changes<'_, (Account, Account)>) -> Result<(), BankError> {
        if state.0.balance < self.cents {
            return Err(BankError::Insufficient { short: self.cents - state.0.balance });
        }
        state.emit_to(0, Withdrawn { cents: self.cents });
        state.emit_to(1, Deposited { cents: self.cents });
        Ok(())
    }
}

/// An event as somebody without the framework writes it.
pub(crate) fn raw(event: &BankEvent) -> NewEvent {
    let event_type = EventType::new(event.schema().name).unwrap();
    NewEvent::new(event_type, event.encode().unwrap())
}

pub(crate) fn account(id: &str) -> StreamName {
    StreamName::new(format!("account-{id}")).unwrap()
}

/// Somebody else deposits.
pub(crate) fn deposit_behind(backend: &dyn Backend, id: &str, cents: u64) {
    let append = Append::to(account(id), ExpectedVersion::Any, [raw(&Deposited { cents })]);
    crate::stores::block_on(backend.append(append)).unwrap();
}
