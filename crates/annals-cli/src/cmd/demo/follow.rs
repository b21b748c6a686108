//! A subscription: everything there is, then what comes, without a gap.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Instant,
};

use annals::{
    Append, Backend, Delivery, ExpectedVersion, Position, Query, Subscribe, SubscribeStart,
};
use futures_lite::stream;

use super::{
    bank::{Bank, account, moved},
    teller::{Teller, thousands, took},
};
use crate::failure::{OrFail, Result};

/// What the follower tells.
enum News {
    /// Everything there was has come: how many events, and whether one was missing or repeated.
    CaughtUp { events: u64, is_whole: bool },
    /// A live event.
    Live(Position, Instant),
}

/// Live events that are waited for.
const LIVE: u64 = 20;

pub(super) fn follow(teller: &mut Teller, bank: &mut Bank) -> Result<()> {
    teller.step("A follower catches up, then sees events as they are appended")?;
    let store = std::sync::Arc::clone(&bank.store);
    let (sender, news) = channel();
    let follower = thread::spawn(move || watch(store.as_ref(), &sender));
    let told = tell(teller, bank, &news);
    // The follower ends when nobody listens to its news or when it has seen all it waits for.
    drop(news);
    told?;
    let ended = follower.join().is_ok();
    teller.claim(ended, "the follower ended in order")
}

fn tell(teller: &mut Teller, bank: &mut Bank, news: &Receiver<News>) -> Result<()> {
    let Ok(News::CaughtUp { events, is_whole }) = news.recv() else {
        return teller.claim(false, "the follower catches up");
    };
    teller.claim(
        is_whole && events == bank.events,
        &format!("caught up: {} events, none missing, none twice", thousands(events)),
    )?;
    let mut delays = Vec::new();
    for _ in 0..LIVE {
        let event = moved("deposited", 1)?;
        let append = Append::to(account("cleo")?, ExpectedVersion::Any, [event]);
        let done = bank.append(append).or_fail(|| "a deposit was refused")?;
        let answered = Instant::now();
        let Ok(News::Live(position, seen)) = news.recv() else {
            return teller.claim(false, "the follower sees what is appended");
        };
        if done.position != Some(position) {
            return teller.claim(false, "the follower sees events in their order");
        }
        delays.push(seen.saturating_duration_since(answered));
    }
    delays.sort();
    let median = delays.get(delays.len() / 2).copied().unwrap_or_default();
    let slowest = delays.last().copied().unwrap_or_default();
    teller.claim(
        true,
        &format!(
            "{LIVE} live events: half within {} of the answer to the writer, all within {}",
            took(median),
            took(slowest)
        ),
    )
}

/// Follows from the beginning, and ends after the live events it waits for.
fn watch(store: &dyn Backend, news: &Sender<News>) {
    let subscribe = Subscribe::all(Query::all(), SubscribeStart::Beginning);
    let (mut events, mut is_whole, mut is_live) = (0_u64, true, false);
    let mut live = 0;
    for delivery in stream::block_on(store.subscribe(subscribe)) {
        let told = match delivery {
            Ok(Delivery::Event(event)) if is_live => {
                live += 1;
                news.send(News::Live(event.position, Instant::now()))
            }
            Ok(Delivery::Event(event)) => {
                is_whole &= event.position.get() == events;
                events += 1;
                Ok(())
            }
            Ok(Delivery::CaughtUp { .. }) if !is_live => {
                is_live = true;
                news.send(News::CaughtUp { events, is_whole })
            }
            Ok(_) => Ok(()),
            Err(_) => return,
        };
        if told.is_err() || live == LIVE {
            return;
        }
    }
}
