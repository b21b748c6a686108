//! A bank whose accounts are documents.

use std::{sync::Arc, time::Duration};

use annals::*;
use serde::{Deserialize, Serialize, Serializer, ser::Error as _};

use crate::{
    stores::{Site, block_on},
    tables::Tables,
};

/// Longer than anything takes here, so that a hang is seen as one.
pub(super) const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(prefix = "bank")]
pub(super) enum BankEvent {
    Deposited {
        #[tag]
        account: String,
        cents: i64,
    },
    Moved {
        #[tag("account")]
        from: String,
        #[tag("account")]
        to: String,
        cents: i64,
    },
    Closed {
        #[tag]
        account: String,
    },
}

impl BankEvent {
    pub(super) fn account(&self) -> &str {
        match self {
            Self::Deposited { account, .. } | Self::Closed { account } => account,
            Self::Moved { from, .. } => from,
        }
    }
}

/// An account: adding and logging shows an event that is lost, repeated or out of order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Account {
    #[serde(serialize_with = "picky")]
    pub(super) cents: i64,
    pub(super) log: String,
}

/// A document over 9,000 cents has no form in JSON.
fn picky<S: Serializer>(cents: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    if *cents > 9_000 {
        return Err(S::Error::custom("too much for this document"));
    }
    serializer.serialize_i64(*cents)
}

#[view(name = "accounts", version = 1)]
impl View for Account {
    type Key = String;
    type Event = BankEvent;

    fn route(event: &Recorded<BankEvent>) -> Keys<String> {
        match &event.event {
            BankEvent::Deposited { account, .. } | BankEvent::Closed { account } => {
                account.clone().into()
            }
            BankEvent::Moved { from, to, .. } => vec![from.clone(), to.clone()].into(),
        }
    }

    fn apply(&mut self, event: &Recorded<BankEvent>) -> Keep {
        match &event.event {
            BankEvent::Deposited { cents, .. } => self.cents += cents,
            BankEvent::Moved { cents, .. } => self.cents += cents / 2,
            BankEvent::Closed { .. } => return Keep::Delete,
        }
        assert!(self.cents >= 0, "nobody owes anything here");
        self.log += &format!("{} ", event.position());
        Keep::Keep
    }

    fn query(account: &String) -> Option<Query> {
        let tag = Tag::new(format!("account:{account}")).ok()?;
        Query::any_of([QueryItem::tags([tag])]).ok()
    }
}

pub(super) fn deposited(account: &str, cents: i64) -> BankEvent {
    BankEvent::Deposited { account: account.to_owned(), cents }
}

pub(super) fn moved(from: &str, to: &str) -> BankEvent {
    BankEvent::Moved { from: from.to_owned(), to: to.to_owned(), cents: 2 }
}

pub(super) fn closed(account: &str) -> BankEvent {
    BankEvent::Closed { account: account.to_owned() }
}

pub(super) fn new_event(event: &BankEvent) -> NewEvent {
    let schema = event.schema();
    let mut new = NewEvent::new(EventType::new(schema.name).unwrap(), event.encode().unwrap());
    new.schema_version = schema.version;
    new.tags = event.tags().unwrap();
    new
}

/// Appends and gives the last position.
pub(super) fn append(backend: &dyn Backend, events: &[BankEvent]) -> Position {
    let stream = StreamName::new("bank-1").unwrap();
    let append = Append::to(stream, ExpectedVersion::Any, events.iter().map(new_event));
    block_on(backend.append(append)).unwrap().position.unwrap()
}

/// Something of everything: three accounts, transfers, and one that is closed now and then.
pub(super) fn story(n: usize) -> Vec<BankEvent> {
    let names = ["ann", "bob", "eve"];
    let event = |i: usize| match i % 7 {
        3 => moved(names[i % 3], names[(i + 1) % 3]),
        6 if i.is_multiple_of(4) => closed("eve"),
        _ => deposited(names[i % 3], 1),
    };
    (0..n).map(event).collect()
}

pub(super) fn start(site: &Site, sqlite: &Tables, run: Run<BankEvent>) -> Annals {
    let builder = Annals::builder().clock(site.clock.clone()).view::<Account>(sqlite, run);
    builder.build(Arc::clone(&site.backend)).unwrap()
}

pub(super) fn live(site: &Site) -> Annals {
    Annals::builder().live_view::<Account>().build(Arc::clone(&site.backend)).unwrap()
}

/// All documents, as they are stored.
pub(super) fn documents(app: &Annals) -> Vec<(String, Account)> {
    use futures_lite::StreamExt;
    let view = app.view::<Account>();
    block_on(view.fresh(LONG)).unwrap();
    block_on(view.all(u64::MAX).try_collect()).unwrap()
}

/// All documents, folded from the log.
pub(super) fn replayed(app: &Annals) -> Vec<(String, Account)> {
    block_on(app.view::<Account>().all_at(At::Latest)).unwrap().into_iter().collect()
}
