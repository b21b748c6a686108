//! The bank that is measured: the same one for everybody.

use annals::{
    Aggregate, Annals, Append, Backend, Changes, Command, Event, EventType, ExpectedVersion,
    NewEvent, StreamName, aggregate,
};
use futures_lite::future::block_on;
use serde::{Deserialize, Serialize};

use crate::problem::Result;

/// What happens to accounts.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event(prefix = "bank")]
pub(crate) enum BankEvent {
    Opened { account: String, owner: String },
    Deposited { account: String, cents: u64, reference: String },
}

/// The state of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) owner: String,
    pub(crate) cents: u64,
}

#[aggregate(stream = "account", key = String)]
impl Aggregate for Account {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        match event {
            BankEvent::Opened { owner, .. } => self.owner.clone_from(owner),
            BankEvent::Deposited { cents, .. } => self.cents += cents,
        }
    }
}

/// The same account with snapshots.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept(pub(crate) Account);

#[aggregate(stream = "kept", key = String, snapshot(every = 40))]
impl Aggregate for Kept {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        self.0.apply(event);
    }
}

/// Money comes in.
#[derive(Debug, Clone)]
pub(crate) struct Deposit {
    pub(crate) account: String,
    pub(crate) cents: u64,
}

impl Deposit {
    pub(crate) fn event(&self) -> BankEvent {
        let reference = String::from("salary for the month, paid by the usual employer");
        BankEvent::Deposited { account: self.account.clone(), cents: self.cents, reference }
    }
}

/// The command never refuses.
#[derive(Debug)]
pub(crate) enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl Command for Deposit {
    type Aggregate = Account;
    type Output = u64;
    type Error = Never;

    fn key(&self) -> String {
        self.account.clone()
    }

    fn decide(&self, state: &mut Changes<'_, Account>) -> std::result::Result<u64, Never> {
        state.emit(self.event());
        Ok(state.cents)
    }
}

/// Fills an account of `A` with so many events, in one commit each.
pub(crate) fn fill<A: Aggregate<Key = String>>(
    app: &Annals,
    account: &str,
    events: u64,
) -> Result<()> {
    for event in 0..events {
        let deposit = Deposit { account: account.to_owned(), cents: event };
        let opened =
            BankEvent::Opened { account: account.to_owned(), owner: String::from("Ann Smith") };
        let done = app.transact::<A, _, Never, _>(&account.to_owned(), |state| {
            state.emit(if event == 0 { opened.clone() } else { deposit.event() });
            Ok(())
        });
        block_on(async { done.await })?;
    }
    Ok(())
}

/// Fills a store with events of many accounts in large commits, and gives the events.
pub(crate) fn fill_in_bulk<A: Aggregate>(
    backend: &dyn Backend,
    accounts: u64,
    events: u64,
) -> Result<Vec<BankEvent>> {
    let mut all = Vec::new();
    for number in 0..events {
        let account = (number % accounts).to_string();
        all.push(if number < accounts {
            BankEvent::Opened { account, owner: String::from("Ann Smith") }
        } else {
            Deposit { account, cents: number }.event()
        });
    }
    for batch in all.chunks(1_000) {
        let mut streams = Vec::with_capacity(batch.len());
        for event in batch {
            let (BankEvent::Opened { account, .. } | BankEvent::Deposited { account, .. }) = event;
            let stream = StreamName::new(format!("{}-{account}", A::CATEGORY))?;
            let name = EventType::new(event.schema().name)?;
            streams.push((stream, NewEvent::new(name, event.encode()?)));
        }
        block_on(backend.append(Append::interleaved(ExpectedVersion::Any, streams)))?;
    }
    Ok(all)
}
