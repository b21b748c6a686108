//! What becomes of a request, as far as that follows from what was looked at.

use std::sync::Arc;

use annals_core::{
    Append, Appended, Error, ErrorKind, Result, StateKey, StreamAppended, StreamWrite, Version,
    rules::{self, Duplicate, Outcome, Plan, Progress, Verdict},
};

use super::{
    job::{Job, Receipt, Request, Stage, base, first_stage, wanted},
    look::Looked,
    rows::SOME,
};
use crate::values::stored;

/// What to do with a request.
#[derive(Debug)]
pub(super) enum Settled {
    /// It has its answer.
    Answered(Result<Receipt>),
    /// Nothing stands against it: it goes to the database (again).
    Open,
}

/// The first event that violates a condition, by the number of the condition.
pub(super) type Violation = Option<(usize, annals_core::Position)>;

/// Decides what can be decided.
pub(super) fn settle(job: &mut Job, looked: &Looked, violation: Violation) -> Settled {
    let is_resent = job.is_resent;
    let settled = match &mut job.request {
        Request::Append(append) => settle_append(append, looked, violation, is_resent),
        Request::Delete(_) | Request::Put(_) if is_resent => Err(lost_answer()),
        Request::Delete(delete) => {
            let head = looked.heads.get(&delete.stream).cloned().unwrap_or_default();
            rules::decide_delete(&delete.stream, delete.expected, delete.mode, &head).map(|()| None)
        }
        Request::Put(put) => {
            let revision = looked.state.get(&put.key).map(|(revision, _)| *revision);
            rules::decide_state(&put.key, put.expected, revision).map(|()| None)
        }
    };
    match settled {
        Ok(None) => {
            job.stage = next_stage(job, looked);
            Settled::Open
        }
        Ok(Some(receipt)) => Settled::Answered(Ok(receipt)),
        Err(error) => Settled::Answered(Err(error)),
    }
}

fn lost_answer() -> Error {
    Error::new(
        ErrorKind::Timeout,
        "the connection to PostgreSQL was lost before its answer came; what was asked for may \
         have been done, look before you ask again",
    )
}

fn settle_append(
    append: &mut Append,
    looked: &Looked,
    violation: Violation,
    is_resent: bool,
) -> Result<Option<Receipt>> {
    let outcomes = append.writes.iter().map(|write| outcome(write, looked)).collect();
    if let Plan::Stored(stored) = rules::plan(&append.writes, outcomes)? {
        let mut appended = answer_again(&append.writes, &stored, looked);
        // What was sent over a connection that was lost is stored by this very call.
        appended.duplicate = !is_resent;
        return Ok(Some(Receipt::Appended(appended)));
    }
    if let Some((condition, position)) = violation {
        return Err(Error::condition_failed_at(condition, position));
    }
    if let Some(checkpoint) = &append.checkpoint {
        let key = StateKey::checkpoint(checkpoint.name.clone());
        let stored = looked.state.get(&key).map(|(_, value)| position(value)).transpose()?;
        let has_events = append.event_count() > 0;
        if rules::decide_checkpoint(checkpoint, stored, has_events)? == Progress::Unchanged {
            append.checkpoint = None;
        }
    }
    Ok(None)
}

fn position(value: &[u8]) -> Result<annals_core::Position> {
    let bytes: [u8; 8] = value.try_into().map_err(|_| {
        Error::new(ErrorKind::Corrupted, format!("a checkpoint holds {} bytes, not 8", value.len()))
    })?;
    Ok(annals_core::Position::new(u64::from_be_bytes(bytes)))
}

fn outcome(write: &StreamWrite, looked: &Looked) -> Outcome {
    let head = looked.heads.get(&base(&write.stream)).cloned().unwrap_or_default();
    let lane = head.lane(&write.stream);
    match rules::decide(&write.stream, write.expected, lane) {
        Verdict::Reject(error) => Outcome::Refused(error),
        Verdict::AcceptNew => Outcome::Fresh,
        Verdict::Accept => {
            let known = write
                .events
                .iter()
                .map(|event| looked.by_id.get(&(write.stream.clone(), event.id)).copied());
            rules::resolve_retry(write, lane, known)
        }
        Verdict::Repeat { first, otherwise } => {
            let stored = (first.get()..).zip(&write.events).map(|(version, event)| {
                let version = Version::new(version);
                let (id, position) = looked.at_version.get(&(write.stream.clone(), version))?;
                (*id == event.id).then_some((version, *position))
            });
            rules::resolve_repeat(write, lane, otherwise, stored)
        }
    }
}

fn answer_again(writes: &[StreamWrite], stored: &[Option<Duplicate>], looked: &Looked) -> Appended {
    let last_of = |write: &StreamWrite| {
        looked.heads.get(&base(&write.stream)).and_then(|head| head.lane(&write.stream).last)
    };
    let streams = writes.iter().zip(stored).map(|(write, duplicate)| StreamAppended {
        stream: write.stream.clone(),
        first_version: duplicate.map(|duplicate| duplicate.first),
        last_version: duplicate.map_or_else(|| last_of(write), |duplicate| Some(duplicate.last)),
    });
    let position = stored.iter().flatten().map(|duplicate| duplicate.position).max();
    Appended { streams: streams.collect(), position, duplicate: true }
}

/// How a request goes on: taking for granted what it expects is best, because it binds nobody
/// else, but must be right.
fn next_stage(job: &Job, looked: &Looked) -> Stage {
    let known = || Stage::Known(Arc::clone(&looked.heads));
    let Request::Append(append) = &job.request else { return first_stage_or(job, known) };
    let is_right = append.writes.iter().all(|write| {
        let head = looked.heads.get(&write.stream).cloned().unwrap_or_default();
        let last = head.last.map_or(super::rows::NONE, |version| stored(version.get()));
        let fits = match wanted(write.expected) {
            None => true,
            Some(SOME) => head.last.is_some() || head.metadata_last.is_some(),
            Some(want) => want == last,
        };
        fits && !head.is_soft_deleted()
    });
    if is_right { first_stage_or(job, known) } else { known() }
}

fn first_stage_or(job: &Job, known: impl FnOnce() -> Stage) -> Stage {
    match first_stage(&job.request) {
        Stage::Blind => Stage::Blind,
        Stage::Unknown | Stage::Known(_) => known(),
    }
}
