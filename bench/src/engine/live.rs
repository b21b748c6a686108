//! From the call of an append to the delivery of its event to a live subscriber on another
//! thread, beside the answer to the append itself.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Instant,
};

use annals_core::{Backend, Delivery, Query, Subscribe, SubscribeStart};
use annals_engine::{Embedded, Options};
use futures_lite::{StreamExt, future::block_on};

use super::bench::Bench;
use crate::{problem::Result, report::Row, samples::Latencies, workload::Workload};

/// What the subscriber says.
enum Seen {
    CaughtUp,
    Event(Instant),
}

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let store = Embedded::open(folder.path(), Options::default())?;
    let (tell, seen) = channel();
    let pairs = thread::scope(|scope| {
        let followed = &store;
        // The sender goes with the thread, so that its end is noticed.
        let subscriber = scope.spawn(move || follow(followed, &tell));
        let pairs = publish(bench, &store, &seen);
        // The subscriber ends with its next event, or has ended with an error.
        drop(seen);
        let last = publish_last(&store);
        subscriber.join().map_err(|_| "the subscriber panicked")??;
        last.and(pairs)
    })?;
    Ok(vec![Row::latencies("live: append to delivery", "append to answer", pairs)])
}

/// Tells of everything that comes, until nobody listens any more.
fn follow(store: &Embedded, tell: &Sender<Seen>) -> Result<()> {
    let mut deliveries = store.subscribe(Subscribe::all(Query::all(), SubscribeStart::End));
    block_on(async {
        while let Some(delivery) = deliveries.next().await {
            let seen = match delivery? {
                Delivery::Event(_) => Seen::Event(Instant::now()),
                Delivery::CaughtUp { .. } => Seen::CaughtUp,
                Delivery::FellBehind { .. } | Delivery::Checkpoint(_) => continue,
            };
            if tell.send(seen).is_err() {
                break;
            }
        }
        Ok(())
    })
}

fn publish(
    bench: &Bench,
    store: &Embedded,
    seen: &Receiver<Seen>,
) -> Result<Vec<(Latencies, Latencies)>> {
    match seen.recv()? {
        Seen::CaughtUp => {}
        Seen::Event(_) => return Err("an event came before anything was appended".into()),
    }
    let mut workload = Workload::new(1);
    let mut pairs = Vec::new();
    for _ in 0..bench.scale.rounds {
        let (mut delivered, mut answered) = (Latencies::default(), Latencies::default());
        for _ in 0..bench.scale.synced_calls {
            let append = workload.append()?;
            let start = Instant::now();
            store.engine().append(append)?;
            answered.push(start.elapsed());
            match seen.recv()? {
                Seen::Event(at) => delivered.push(at.duration_since(start)),
                Seen::CaughtUp => return Err("the subscription caught up twice".into()),
            }
        }
        pairs.push((delivered, answered));
    }
    Ok(pairs)
}

fn publish_last(store: &Embedded) -> Result<()> {
    store.engine().append(Workload::new(2).append()?)?;
    Ok(())
}
