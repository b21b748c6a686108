//! Reading a stream, a category, a tag, and backward.

use std::time::Instant;

use annals::{Category, Query, QueryItem, ReadAll, Tag};

use super::{
    bank::{self, Bank, account},
    teller::{Teller, thousands, took},
};
use crate::failure::Result;

pub(super) fn read(teller: &mut Teller, bank: &Bank) -> Result<()> {
    teller.step("Events are read by stream, by category, by tag, and from the end")?;
    let ann = account("ann")?;
    let began = Instant::now();
    let events = bank.read(bank::stream(&ann))?;
    let time = took(began.elapsed());
    let balance = bank::fold(&events);
    teller.claim(
        balance == bank.balance(&ann) && versions_count_up(&events),
        &format!(
            "account-ann: {} events make a balance of {}.{:02} ({time})",
            events.len(),
            balance / 100,
            balance % 100
        ),
    )?;
    let accounts = by(QueryItem::category(Category::new("account")?))?;
    let began = Instant::now();
    let events = bank.read(ReadAll::new(accounts))?;
    let time = took(began.elapsed());
    let rest = thousands(bank.events);
    teller.claim(
        events.iter().all(|event| event.stream.as_str().starts_with("account-"))
            && events.windows(2).all(|pair| matches!(pair, [a, b] if a.position < b.position)),
        &format!(
            "category account: {} events of {rest}, in the order they happened ({time})",
            events.len()
        ),
    )?;
    let transfer = by(QueryItem::tags([Tag::new("transfer:1")?]))?;
    let began = Instant::now();
    let events = bank.read(ReadAll::new(transfer))?;
    let time = took(began.elapsed());
    teller.claim(
        events.len() == 2 && bank::fold(&events) == 0,
        &format!("tag transfer:1: 2 events in 2 streams, what went out came in ({time})"),
    )?;
    let newest = bank.read(bank::everything().backward().limit(1))?;
    let position = newest.first().map(|event| event.position);
    teller.claim(position == bank.head()?, "newest first, limit 1: the event at the head")
}

fn by(item: QueryItem) -> Result<Query> {
    Ok(Query::any_of([item])?)
}

fn versions_count_up(events: &[annals::RecordedEvent]) -> bool {
    (0..).zip(events).all(|(version, event)| event.version.get() == version)
}
