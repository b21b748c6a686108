//! Deciding about a request as of a durable snapshot, on the caller's thread.

use annals_core::{
    Append, AppendCondition, Appended, Error, Position, Result, StreamAppended, StreamWrite,
    Version,
    rules::{self, Duplicate, Lane, Otherwise, Outcome, Plan, Progress, Verdict},
};

use super::{
    job::{Basis, Receipt},
    look_up::{Found, look_up},
    prepare::{Prepared, PreparedAppend, PreparedWrite},
    restore,
};
use crate::{
    index::{head::HeadEntry, plan},
    read::snapshot::Snapshot,
    shared::Shared,
};

/// What came of it.
pub(crate) enum Evaluation {
    /// Nothing needs to be written; this is the answer.
    Answered(Receipt),
    /// Acceptable, as far as the snapshot goes.
    Acceptable(Basis),
}

/// Decides about a request as of now.
///
/// # Errors
/// The refusal.
pub(crate) fn evaluate(shared: &Shared, prepared: &Prepared) -> Result<Evaluation> {
    let found = look_up(shared, prepared)?;
    shared.check_poison()?;
    match prepared {
        Prepared::Append(append) => evaluate_append(shared, found, append),
        Prepared::Delete(delete, _) => {
            let head = found.heads.first().map(HeadEntry::to_stream_head).unwrap_or_default();
            rules::decide_delete(&delete.stream, delete.expected, delete.mode, &head)?;
            Ok(Evaluation::Acceptable(found.into_basis()))
        }
        Prepared::PutState(put) => {
            let revision = found.state.map(|stored| stored.revision);
            rules::decide_state(&put.key, put.expected, revision)?;
            Ok(Evaluation::Acceptable(found.into_basis()))
        }
        Prepared::Restore(restore) => restore::evaluate(shared, found, restore),
    }
}

fn evaluate_append(shared: &Shared, found: Found, prepared: &PreparedAppend) -> Result<Evaluation> {
    let append = &prepared.append;
    let (snapshot, heads) = (&found.snapshot, &found.heads);
    let mut outcomes = Vec::with_capacity(append.writes.len());
    for ((write, hashed), head) in append.writes.iter().zip(&prepared.writes).zip(heads) {
        let lane = head.to_stream_head().lane(&write.stream);
        outcomes.push(outcome(shared, snapshot, write, hashed, lane)?);
    }
    if let Plan::Stored(stored) = rules::plan(&append.writes, outcomes)? {
        return Ok(Evaluation::Answered(Receipt::Appended(answer_again(append, heads, &stored))));
    }
    for (number, condition) in append.conditions.iter().enumerate() {
        if let Some(position) = match_of(snapshot, condition)? {
            return Err(Error::condition_failed_at(number, position));
        }
    }
    let has_events = append.event_count() > 0;
    let mut changes =
        has_events || append.writes.iter().zip(heads).any(|(write, head)| revives(write, head));
    if let Some(checkpoint) = &append.checkpoint {
        let position = found.state.and_then(|stored| stored.checkpoint);
        changes |= rules::decide_checkpoint(checkpoint, position, has_events)? == Progress::Advance;
    }
    if !changes {
        let none = vec![None; heads.len()];
        let answer = Appended { duplicate: false, ..answer_again(append, heads, &none) };
        return Ok(Evaluation::Answered(Receipt::Appended(answer)));
    }
    Ok(Evaluation::Acceptable(found.into_basis()))
}

/// Whether a write brings a deleted stream back.
fn revives(write: &StreamWrite, head: &HeadEntry) -> bool {
    !write.stream.is_metastream() && head.to_stream_head().is_soft_deleted()
}

fn outcome(
    shared: &Shared,
    snapshot: &Snapshot,
    write: &StreamWrite,
    hashed: &PreparedWrite,
    lane: Lane,
) -> Result<Outcome> {
    Ok(match rules::decide(&write.stream, write.expected, lane) {
        Verdict::Reject(error) => Outcome::Refused(error),
        Verdict::AcceptNew => Outcome::Fresh,
        Verdict::Accept => {
            let window = shared.retry_window.read();
            let known = hashed.retry.iter().map(|key| window.find(*key, snapshot.end));
            rules::resolve_retry(write, lane, known)
        }
        Verdict::Repeat { first, otherwise } => {
            repeat(snapshot, write, hashed, lane, first, otherwise)?
        }
    })
}

/// Compares the write with the events that stand where its own would stand.
fn repeat(
    snapshot: &Snapshot,
    write: &StreamWrite,
    hashed: &PreparedWrite,
    lane: Lane,
    first: Version,
    otherwise: Otherwise,
) -> Result<Outcome> {
    let mut stored = Vec::with_capacity(write.events.len());
    for (number, event) in (0..).zip(&write.events) {
        let version = first.plus(number);
        let position = snapshot.view.position_of(hashed.stream, version)?;
        let found = match position.filter(|position| *position < snapshot.end) {
            None => None,
            Some(position) => {
                let found = snapshot.view.event(position)?;
                (found.id == event.id).then_some((version, found.position))
            }
        };
        stored.push(found);
    }
    Ok(rules::resolve_repeat(write, lane, otherwise, stored))
}

fn answer_again(append: &Append, heads: &[HeadEntry], stored: &[Option<Duplicate>]) -> Appended {
    let writes = append.writes.iter().zip(heads).zip(stored);
    let streams = writes.map(|((write, head), duplicate)| StreamAppended {
        stream: write.stream.clone(),
        first_version: duplicate.map(|duplicate| duplicate.first),
        last_version: match duplicate {
            Some(duplicate) => Some(duplicate.last),
            None => head.to_stream_head().lane(&write.stream).last,
        },
    });
    let position = stored.iter().flatten().map(|duplicate| duplicate.position).max();
    Appended { streams: streams.collect(), position, duplicate: true }
}

/// The first event that matches a condition, among those below the snapshot's head.
fn match_of(snapshot: &Snapshot, condition: &AppendCondition) -> Result<Option<Position>> {
    let mut from = match condition.after {
        None => 0,
        Some(after) => match after.get().checked_add(1) {
            Some(from) => from,
            None => return Ok(None),
        },
    };
    let mut plan = plan::Plan::new(&condition.query, &snapshot.terms);
    loop {
        let found = plan.at_least(&snapshot.view, from)?.filter(|found| *found < snapshot.end);
        let Some(found) = found else { return Ok(None) };
        let event = snapshot.view.try_event(found)?;
        if event.is_some_and(|event| condition.query.matches(&event)) {
            return Ok(Some(Position::new(found)));
        }
        from = found + 1;
    }
}
