//! Appends that are accepted, refused, repeated, and spread over streams.

use std::time::Instant;

use annals::{Append, ErrorKind, ExpectedVersion, StreamName, Tag, Version};

use super::{
    bank::{self, Bank, account, moved, moved_for, number, opened},
    teller::{Teller, thousands, took},
};
use crate::failure::{OrFail, Result};

const APPENDED: &str = "an append of the demo was refused";

pub(super) fn open_accounts(teller: &mut Teller, bank: &mut Bank) -> Result<()> {
    teller.step("Accounts are opened, each only if its stream does not exist yet")?;
    let mut positions = Vec::new();
    for owner in ["ann", "bob", "cleo"] {
        let append = Append::to(account(owner)?, ExpectedVersion::NoStream, [opened(owner)?]);
        let done = bank.append(append).or_fail(|| APPENDED)?;
        positions.extend(done.position.map(annals::Position::get));
    }
    teller.claim(
        positions == [0, 1, 2],
        "account-ann, account-bob, account-cleo: positions 0, 1, 2",
    )?;
    let again = Append::to(account("ann")?, ExpectedVersion::NoStream, [opened("ann")?]);
    let refused = bank.append(again).err().map(|error| error.kind());
    teller
        .claim(refused == Some(ErrorKind::WrongExpectedVersion), "a second account-ann is refused")
}

/// Lone appends.
const LONE: u64 = 50;
/// Commits of many events, and how many events each.
const BULK_COMMITS: u64 = 40;
const BULK_EVENTS: u64 = 1_000;

pub(super) fn append(teller: &mut Teller, bank: &mut Bank) -> Result<()> {
    teller.step("Money comes in, and every append is on disk when it returns")?;
    let ann = account("ann")?;
    let began = Instant::now();
    for _ in 0..LONE {
        let append =
            Append::to(ann.clone(), ExpectedVersion::StreamExists, [moved("deposited", 500)?]);
        bank.append(append).or_fail(|| APPENDED)?;
    }
    let each = took(began.elapsed() / LONE as u32);
    teller.claim(
        bank.version(&ann)? == ExpectedVersion::Exact(Version::new(LONE)),
        &format!("{LONE} deposits, one by one: {each} each, synced to disk"),
    )?;
    let began = Instant::now();
    for commit in 0..BULK_COMMITS {
        let mut events = Vec::new();
        for card in 0..BULK_EVENTS {
            let stream =
                StreamName::new(format!("card-{}", (commit * BULK_EVENTS + card) % 5_000))?;
            events.push((stream, moved("paid", 99)?));
        }
        let append = Append::interleaved(ExpectedVersion::Any, events);
        bank.append(append).or_fail(|| APPENDED)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let total = BULK_COMMITS * BULK_EVENTS;
    let rate = (total as f64 / seconds) as u64;
    teller.claim(
        bank.head()?.map(|head| head.get() + 1) == Some(bank.events),
        &format!(
            "{} card payments into 5,000 streams, {} a commit: {} events a second",
            thousands(total),
            thousands(BULK_EVENTS),
            thousands(rate)
        ),
    )
}

pub(super) fn refuse_stale(teller: &mut Teller, bank: &mut Bank) -> Result<()> {
    teller.step("Two clerks decide on the same version of account-ann; the second is refused")?;
    let ann = account("ann")?;
    let seen = bank.version(&ann)?;
    let withdrawal = |bank: &mut Bank| -> Result<_> {
        Ok(bank.append(Append::to(ann.clone(), seen, [moved("withdrawn", 20_000)?])))
    };
    let first = withdrawal(bank)?.or_fail(|| APPENDED)?;
    let last = first.streams.first().and_then(|stream| stream.last_version);
    teller.claim(!first.duplicate, &format!("the first withdrawal is version {}", number(last)))?;
    let head = bank.head()?;
    let Err(conflict) = withdrawal(bank)? else {
        return teller.claim(false, "the second withdrawal is refused");
    };
    teller.show(&conflict.to_string())?;
    let actual = conflict.wrong_expected_version().and_then(|facts| facts.actual);
    teller.claim(actual == last, "the conflict names the version to read up to")?;
    teller.claim(bank.head()? == head, "nothing was written, and nothing is overdrawn")
}

pub(super) fn repeat(teller: &mut Teller, bank: &mut Bank) -> Result<()> {
    teller.step("An answer is lost on the way, so the same append is sent again")?;
    let bob = account("bob")?;
    let append = Append::to(bob.clone(), bank.version(&bob)?, [moved("deposited", 7_000)?]);
    let first = bank.append(append.clone()).or_fail(|| APPENDED)?;
    let again = bank.append(append).or_fail(|| APPENDED)?;
    teller.claim(
        again.duplicate && again.position == first.position,
        "it is recognized by its event id and gets the first answer",
    )?;
    let balance = bank::fold(&bank.read(bank::stream(&bob))?);
    teller.claim(balance == 7_000, "bob has 70.00, not 140.00")
}

pub(super) fn transfer(teller: &mut Teller, bank: &mut Bank) -> Result<()> {
    teller.step("Ann sends Bob 30.00: two streams in one append, all or nothing")?;
    let (ann, bob) = (account("ann")?, account("bob")?);
    let tag = Tag::new("transfer:1")?;
    let stale = bank.version(&ann)?;
    let transfer = |expected_ann, expected_bob, tag: &Tag| -> Result<_> {
        let out = moved_for("withdrawn", 3_000, tag)?;
        let into = moved_for("deposited", 3_000, tag)?;
        let append = Append::to(ann.clone(), expected_ann, [out]);
        Ok(append.and(bob.clone(), expected_bob, [into]))
    };
    let append = transfer(stale, bank.version(&bob)?, &tag)?;
    let done = bank.append(append).or_fail(|| APPENDED)?;
    teller.claim(
        done.streams.len() == 2,
        "withdrawn from account-ann and deposited to account-bob in one commit",
    )?;
    let head = bank.head()?;
    let half = transfer(stale, bank.version(&bob)?, &Tag::new("transfer:2")?)?;
    let Err(conflict) = bank.append(half) else {
        return teller.claim(false, "a transfer with one stale side is refused");
    };
    teller.show(&conflict.to_string())?;
    teller.claim(
        bank.head()? == head,
        "sent again by somebody with an old version of one side, neither side is written",
    )
}
