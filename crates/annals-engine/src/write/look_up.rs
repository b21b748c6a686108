//! What a decision stands on, all of one moment.
//!
//! The heads of several streams are read one after the other while others commit. If some were
//! read before a commit and some after it, a retry of that commit would look half stored. So what
//! memory knows is read under the lock that showing a commit takes, and events count up to the
//! same moment. What the tree knows is read before, because that may touch the disk; it stays true
//! as long as the view does.

use std::sync::Arc;

use annals_core::{Result, StateKey, StateKind};

use super::{
    job::{Basis, StoredState},
    prepare::Prepared,
};
use crate::{
    index::{head::HeadEntry, term::Term},
    read::{self, snapshot::Snapshot},
    shared::Shared,
};

/// What a decision stands on, all of one moment.
pub(super) struct Found {
    /// Everything below was published then.
    pub(super) as_of: u64,
    /// Ends right behind the newest event that the heads know.
    pub(super) snapshot: Snapshot,
    /// In the order of the writes.
    pub(super) heads: Vec<HeadEntry>,
    pub(super) state: Option<StoredState>,
}

impl Found {
    /// For a request that is acceptable.
    pub(super) fn into_basis(self) -> Basis {
        Basis { as_of: self.as_of, heads: self.heads, state: self.state }
    }
}

/// Looks up the heads and the state that a request is about.
pub(super) fn look_up(shared: &Shared, prepared: &Prepared) -> Result<Found> {
    let bases: Vec<Term> = match prepared {
        Prepared::Append(append) => append.writes.iter().map(|write| write.base).collect(),
        Prepared::Delete(_, base) => vec![*base],
        Prepared::PutState(_) => Vec::new(),
        Prepared::Restore(restore) => restore.bases.clone(),
    };
    let key = match prepared {
        Prepared::Append(append) => {
            let checkpoint = append.append.checkpoint.as_ref();
            checkpoint.map(|write| StateKey::checkpoint(write.name.clone()))
        }
        Prepared::PutState(put) => Some(put.key.clone()),
        Prepared::Delete(..) | Prepared::Restore(_) => None,
    };
    loop {
        let snapshot = shared.snapshot()?;
        let sealed = match Sealed::read(&snapshot, &bases, key.as_ref()) {
            // The tree was ahead of the view.
            Err(_) if !shared.is_current(&snapshot.view) => continue,
            sealed => sealed?,
        };
        if let Some(found) = of_one_moment(shared, snapshot, &bases, key.as_ref(), sealed) {
            return Ok(found);
        }
        // A segment was begun or sealed in between, which is rare.
    }
}

/// What the tree knows of what memory does not know.
struct Sealed {
    heads: Vec<Option<HeadEntry>>,
    state: Option<StoredState>,
}

impl Sealed {
    fn read(snapshot: &Snapshot, bases: &[Term], key: Option<&StateKey>) -> Result<Self> {
        let view = &snapshot.view;
        let head = |base: &Term| match view.memory_head(*base) {
            Some(_) => Ok(None),
            None => view.sealed_head(*base).map(Some),
        };
        let state = match key {
            Some(key) if view.memory_state(key).is_none() => sealed_state(snapshot, key)?,
            _ => None,
        };
        Ok(Self { heads: bases.iter().map(head).collect::<Result<_>>()?, state })
    }
}

/// Joins it with what memory knows at one moment; `None` when the view is no longer current.
fn of_one_moment(
    shared: &Shared,
    snapshot: Snapshot,
    bases: &[Term],
    key: Option<&StateKey>,
    sealed: Sealed,
) -> Option<Found> {
    let view = Arc::clone(&snapshot.view);
    let (open, full) = view.memory.split_last()?;
    let open = open.index.read();
    if !shared.is_current(&view) {
        return None;
    }
    let as_of = shared.end();
    let heads = bases.iter().zip(sealed.heads).map(|(base, sealed)| {
        let in_full = || full.iter().rev().find_map(|s| s.index.read().head(*base).cloned());
        open.head(*base).cloned().or_else(in_full).or(sealed).unwrap_or_default()
    });
    let heads: Vec<HeadEntry> = heads.collect();
    let state = key.and_then(|key| {
        let in_full = || full.iter().rev().find_map(|s| s.index.read().state(key).copied());
        match open.state(key).copied().or_else(in_full) {
            Some(slot) => StoredState::of(&slot),
            None => sealed.state,
        }
    });
    // The newest commit may be shown, and so durable, and published only in a moment.
    let end = heads.iter().map(|head| head.end).fold(as_of, std::cmp::max);
    Some(Found { as_of, snapshot: Snapshot { end, ..snapshot }, heads, state })
}

fn sealed_state(snapshot: &Snapshot, key: &StateKey) -> Result<Option<StoredState>> {
    if key.kind != StateKind::Checkpoint {
        let place = snapshot.view.tree.state(key)?;
        return Ok(place.map(|p| StoredState { revision: p.revision, checkpoint: None }));
    }
    let Some(entry) = read::state::entry(snapshot, key)? else { return Ok(None) };
    let checkpoint = Some(entry.checkpoint_position()?);
    Ok(Some(StoredState { revision: entry.revision, checkpoint }))
}
