//! The 10 events of one tag among all events.

use annals_core::{Query, QueryItem, ReadAll, Tag};
use annals_engine::Engine;

use super::{
    bench::{Bench, SHARED_SEED, segments},
    child::drain,
};
use crate::{
    bare::BareReader, problem::Result, random::Random, report::Row, samples::Latencies,
    turns::in_turns, workload::Workload,
};

const TAG_EVENTS: u64 = 10;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let events = bench.scale.events;
    let engine = bench.shared()?;
    let mut tags = tags_of(events)?;
    tags.truncate(bench.scale.reads);
    let count = tags.len();
    let largest = segments(&bench.store(events)?.dir)?.into_iter().max_by_key(|(_, len)| *len);
    let (segment, _) = largest.ok_or("the store has no segment")?;
    let mut bare = BareReader::open(&segment, bench.bytes_of_commit(1_000)? / 1_000)?;
    let mut random = Random::new(1);
    reads(&engine, &tags)?;
    let pairs = in_turns(
        bench.scale.rounds,
        || {
            random.shuffle(&mut tags);
            reads(&engine, &tags)
        },
        || Latencies::of(count, || Ok(bare.read(TAG_EVENTS as usize)?)),
    )?;
    let name = format!("read one tag: {TAG_EVENTS} of {events} events");
    Ok(vec![Row::latencies(name, "10 reads", pairs)])
}

/// The shared tags that exactly this many events have.
fn tags_of(events: u64) -> Result<Vec<Tag>> {
    let workload = Workload::new(SHARED_SEED);
    let mut counts = std::collections::BTreeMap::new();
    for number in 0..events {
        *counts.entry(workload.shared_rank(number)).or_insert(0) += 1;
    }
    let wanted = counts.into_iter().filter(|(_, count)| *count == TAG_EVENTS);
    wanted.map(|(rank, _)| Workload::shared_tag(rank)).collect()
}

fn reads(engine: &Engine, tags: &[Tag]) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for tag in tags {
        let query = Query::any_of([QueryItem::tags([tag.clone()])])?;
        let count = latencies.time(|| drain(engine, ReadAll::new(query)))?;
        if count != TAG_EVENTS {
            return Err(format!("tag `{tag}` has {count} events, not {TAG_EVENTS}").into());
        }
    }
    Ok(latencies)
}
