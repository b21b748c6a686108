//! What both sides hold before a copy, and whether the target is a beginning of the source.

use std::collections::HashMap;

use annals::{
    Backend, Error, ErrorKind, Position, Query, ReadAll, Result, StateEntry, StateKey, StateKind,
};
use futures_lite::{StreamExt, future::block_on, stream};

use super::Digest;

/// So many of the target's newest events are compared before anything is written. The digest at
/// the end compares the others.
const COMPARED_EVENTS: u64 = 4_096;

/// Both sides at the beginning.
pub(super) struct Begun {
    /// The head of the source; everything up to it is copied.
    pub(super) head: Option<Position>,
    /// How many events the target holds.
    pub(super) present: u64,
    /// The revision of the newest write of state that is copied.
    pub(super) revision: u64,
    /// Up to which revision the target holds state.
    pub(super) present_revision: u64,
    /// The checkpoints as they stood.
    pub(super) checkpoints: Vec<StateEntry>,
}

impl Begun {
    /// The position after the last event of the copy.
    pub(super) fn end(&self) -> u64 {
        self.head.map_or(0, |head| head.get() + 1)
    }
}

/// Looks at both sides.
pub(super) fn begin(source: &dyn Backend, target: &dyn Backend) -> Result<Begun> {
    if !target.capabilities().store_restore {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the target cannot take part in an exact copy; use `annals export` and \
             `annals import`",
        ));
    }
    // Checkpoints move while this looks. The older reading is never beyond the head.
    let before = checkpoints(source)?;
    let info = block_on(source.info())?;
    let after = checkpoints(source)?;
    let held = block_on(target.info())?;
    let begun = Begun {
        head: info.head,
        present: held.head.map_or(0, |head| head.get() + 1),
        revision: info.revision,
        present_revision: held.revision,
        checkpoints: as_of(info.revision, before, after),
    };
    check_events(source, target, &begun)?;
    check_states(target, &begun)?;
    Ok(begun)
}

fn checkpoints(of: &dyn Backend) -> Result<Vec<StateEntry>> {
    block_on(of.states(StateKind::Checkpoint, "").try_collect())
}

/// Of two readings of the checkpoints, one before and one after a revision, what stood then.
fn as_of(revision: u64, before: Vec<StateEntry>, after: Vec<StateEntry>) -> Vec<StateEntry> {
    let keyed = |entries: Vec<StateEntry>| entries.into_iter().map(|e| (e.key.clone(), e));
    let mut stood: HashMap<StateKey, StateEntry> = keyed(before).collect();
    stood.extend(keyed(after).filter(|(_, entry)| entry.revision <= revision));
    let mut stood: Vec<_> = stood.into_values().filter(|e| e.revision <= revision).collect();
    stood.sort_by_key(|entry| entry.revision);
    stood
}

/// Refuses a target whose events are not the first ones of the source.
fn check_events(source: &dyn Backend, target: &dyn Backend, begun: &Begun) -> Result<()> {
    let Some(last) = begun.present.checked_sub(1) else { return Ok(()) };
    if begun.present > begun.end() {
        let (has, count) = (begun.present, begun.end());
        return Err(refused(&format!("it holds {has} events, the source {count}")));
    }
    let from = begun.present.saturating_sub(COMPARED_EVENTS);
    if tail(source, from, last)? == tail(target, from, last)? {
        return Ok(());
    }
    Err(refused(&format!("its events {from} to {last} are others")))
}

/// Refuses a target with keyed state of its own.
fn check_states(target: &dyn Backend, begun: &Begun) -> Result<()> {
    let (held, copied) = (begun.present_revision, begun.revision);
    if held > copied {
        return Err(refused(&format!(
            "its keyed state was written up to revision {held}, the source's up to {copied}"
        )));
    }
    for entry in begun.checkpoints.iter().filter(|entry| entry.revision <= held) {
        let found = block_on(target.state(&entry.key))?.map(|found| (found.revision, found.value));
        if found != Some((entry.revision, entry.value.clone())) {
            return Err(refused(&format!("its checkpoint `{}` is another", entry.key.name)));
        }
    }
    Ok(())
}

fn refused(why: &str) -> Error {
    Error::new(
        ErrorKind::ConditionFailed,
        format!("the target is not a beginning of the source: {why}"),
    )
}

fn tail(of: &dyn Backend, from: u64, to: u64) -> Result<Digest> {
    let mut digest = Digest::new();
    let to = Some(Position::new(to));
    let read = ReadAll { to, ..ReadAll::new(Query::all()).from(Position::new(from)) };
    for event in stream::block_on(of.read(read.into())) {
        digest.add(&event?);
    }
    Ok(digest)
}
