//! Loading an aggregate of 50 events, and one with a snapshot and 10 events after it.

use std::sync::Arc;

use annals::{Aggregate, Annals, At, Read, ReadStream, StreamName};
use annals_engine::{Embedded, Options};
use futures_lite::{StreamExt, future::block_on};

use super::bank::{Account, Kept, fill};
use crate::{
    engine::bench::Bench,
    problem::Result,
    report::{Goal, Row},
    samples::Latencies,
    turns::in_turns,
};

/// How many accounts, so that nothing is loaded twice in a row.
const ACCOUNTS: usize = 20;
const EVENTS: u64 = 50;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let backend = Arc::new(Embedded::open(folder.path().join("store"), Options::default())?);
    let app = Annals::builder().cached(0).build(backend)?;
    let names: Vec<String> = (0..ACCOUNTS).map(|number| number.to_string()).collect();
    for name in &names {
        fill::<Account>(&app, name, EVENTS)?;
        fill::<Kept>(&app, name, EVENTS)?;
    }
    let rounds = bench.scale.rounds;
    let calls = bench.scale.reads;
    let store_part = in_turns(
        rounds,
        || Latencies::of_each(&names, calls, |name| read(&app, Account::CATEGORY, name)),
        || Latencies::of_each(&names, calls, |name| load::<Account>(&app, name)),
    )?;
    let kept = in_turns(
        rounds,
        || Latencies::of_each(&names, calls, |name| load::<Kept>(&app, name)),
        || Latencies::of_each(&names, calls, |name| load::<Account>(&app, name)),
    )?;
    let whole = store_part.iter().map(|(store, whole)| (whole.clone(), store.clone())).collect();
    Ok(vec![
        Row::latencies("read the 50 events of an aggregate", "load with decoding", store_part)
            .goal(Goal::AtMost(25e-6)),
        Row::latencies("load an aggregate of 50 events", "its events read only", whole)
            .goal(Goal::AtMost(60e-6)),
        Row::latencies("load by a snapshot and 10 events", "load from 50 events", kept)
            .goal(Goal::AtMost(25e-6)),
    ])
}

fn read(app: &Annals, category: &str, name: &str) -> Result<()> {
    let stream = StreamName::new(format!("{category}-{name}"))?;
    let events = app.backend().read(Read::Stream(ReadStream::new(stream)));
    let count = block_on(events.fold(0, |count, event| count + u64::from(event.is_ok())));
    if count == EVENTS { Ok(()) } else { Err(format!("{count} events").into()) }
}

fn load<A: Aggregate<Key = String>>(app: &Annals, name: &String) -> Result<()> {
    let root = block_on(app.load::<A>(name, At::Latest))?;
    match root.version() {
        Some(version) if version.get() + 1 == EVENTS => Ok(()),
        version => Err(format!("version {version:?}").into()),
    }
}
