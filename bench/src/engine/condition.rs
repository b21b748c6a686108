//! Append conditions that look at the whole history, and what another writer notices of them.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use annals_core::{Append, ErrorKind, EventType, Query, QueryItem};
use annals_engine::Engine;

use super::{bench::Bench, lone_append::appends};
use crate::{
    problem::Result,
    report::{Figure, Goal, Row},
    samples::Latencies,
    turns::in_turns,
    workload::{TYPES, Workload},
};

/// How much slower another writer may seem by noise alone.
const UNNOTICED: f64 = 1.2;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let engine = bench.shared()?;
    let (rounds, calls, events) =
        (bench.scale.rounds, bench.scale.synced_calls, bench.scale.events);
    let mut lone = Workload::new(1);
    let (mut plain, mut guarded) = (lone.sibling(2), lone.sibling(3));
    let in_vain = in_vain(lone.sibling(4).append()?)?;

    let single = in_turns(
        rounds,
        || {
            let mut latencies = Latencies::default();
            for _ in 0..calls {
                let append = guard(guarded.append()?)?;
                latencies.time(|| Ok(engine.append(append)?))?;
            }
            Ok(latencies)
        },
        || appends(&engine, &mut lone, calls),
    )?;
    let walk = Latencies::of(calls, || refused(&engine, &in_vain))?;
    let beside_refused = in_turns(
        rounds,
        || beside(|| refused(&engine, &in_vain), || appends(&engine, &mut lone, calls)),
        || appends(&engine, &mut plain, calls),
    )?;
    let mut others = lone.sibling(5);
    let mut guarded_others = lone.sibling(6);
    let beside_accepted = in_turns(
        rounds,
        || {
            let mut accepted = || Ok(engine.append(guard(guarded_others.append()?)?).map(drop)?);
            beside(&mut accepted, || appends(&engine, &mut lone, calls))
        },
        || {
            let mut unguarded = || Ok(engine.append(others.append()?).map(drop)?);
            beside(&mut unguarded, || appends(&engine, &mut plain, calls))
        },
    )?;
    let name = format!("append if no event of a type exists, {events} events");
    let walk_name = format!("refusal after walking two long lists, {events} events");
    let unnoticed = Goal::RatioAtMost(UNNOTICED);
    Ok(vec![
        Row::latencies(name, "without condition", single),
        Row::alone(walk_name, Figure::latency(&walk)),
        Row::latencies("lone append beside such refusals", "alone", beside_refused).goal(unnoticed),
        Row::latencies(
            "lone append beside such conditions",
            "beside plain appends",
            beside_accepted,
        )
        .goal(unnoticed),
    ])
}

/// Only if no event of a type that was never used exists.
fn guard(append: Append) -> Result<Append> {
    let never = QueryItem::types([EventType::new("never-used")?]);
    Ok(append.unless(Query::any_of([never])?, None))
}

/// Only if the most frequent tag and the last type never met, which takes a walk through both
/// lists to find true, and if no event of the first type exists, which is false. So it costs the
/// caller the walk, and nobody a commit.
fn in_vain(append: Append) -> Result<Append> {
    let [first, .., last] = TYPES;
    let both = QueryItem {
        tags: vec![Workload::shared_tag(0)?],
        ..QueryItem::types([EventType::new(last)?])
    };
    let present = QueryItem::types([EventType::new(first)?]);
    Ok(append.unless(Query::any_of([both])?, None).unless(Query::any_of([present])?, None))
}

fn refused(engine: &Engine, append: &Append) -> Result<()> {
    match engine.append(append.clone()) {
        Err(error) if error.kind() == ErrorKind::ConditionFailed => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err("a condition that fails was accepted".into()),
    }
}

/// Does `measured` while another thread does `again` and again.
fn beside<T>(
    mut again: impl FnMut() -> Result<()> + Send,
    measured: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                again()?;
            }
            Result::Ok(())
        });
        let measured = measured();
        is_done.store(true, Ordering::Relaxed);
        other.join().map_err(|_| "the other thread panicked")??;
        measured
    })
}
