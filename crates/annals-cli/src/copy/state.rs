//! Moving keyed state, in the order of its revisions, so that a copy that was killed goes on.
//!
//! Leases are not copied, but the newest revision is carried over even when it was that of a
//! lease: revisions are the fences by which read models outside tell an old runner from a new one.

use annals::{
    Backend, Error, ErrorKind, Name, RecordedState, Restore, Result, StateEntry, StateKey,
    StateKind,
};
use futures_lite::{StreamExt, future::block_on};

use super::{Snapshots, begin::Begun};

/// Writes of state in a batch.
const BATCH_STATES: usize = 1_024;
/// Bytes after which a batch is full.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// The lease that carries the newest revision over. It is not held by anybody.
const CARRIER: &str = "annals-copy";

/// What was stored.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) checkpoints: u64,
    pub(super) snapshots: u64,
}

/// Where a piece of state is to be taken from.
enum Wanted {
    Checkpoint(StateEntry),
    /// Read when it is its turn, because it may be large.
    Snapshot(StateKey, u64),
}

impl Wanted {
    const fn revision(&self) -> u64 {
        match self {
            Self::Checkpoint(entry) => entry.revision,
            Self::Snapshot(_, revision) => *revision,
        }
    }
}

/// Stores what the target lacks.
pub(super) fn copy(
    source: &dyn Backend,
    target: &dyn Backend,
    begun: &Begun,
    snapshots: Snapshots,
) -> Result<Stored> {
    let mut stored = Stored::default();
    let mut batch = Batch { target, states: Vec::new(), bytes: 0 };
    for wanted in wanted(source, begun, snapshots)? {
        let entry = match wanted {
            Wanted::Checkpoint(entry) => {
                stored.checkpoints += 1;
                entry
            }
            Wanted::Snapshot(key, revision) => match block_on(source.state(&key))? {
                Some(entry) if entry.revision == revision => {
                    stored.snapshots += 1;
                    entry
                }
                // A newer one may stand for events beyond the copy.
                _ => continue,
            },
        };
        batch.add(RecordedState {
            key: entry.key,
            revision: entry.revision,
            value: Some(entry.value),
            recorded_at: entry.recorded_at,
        })?;
    }
    batch.flush()?;
    carry_over(target, begun)?;
    Ok(stored)
}

fn wanted(source: &dyn Backend, begun: &Begun, snapshots: Snapshots) -> Result<Vec<Wanted>> {
    let mut wanted: Vec<Wanted> =
        begun.checkpoints.iter().cloned().map(Wanted::Checkpoint).collect();
    if snapshots == Snapshots::Copy {
        let mut entries = source.states(StateKind::Snapshot, "");
        while let Some(entry) = block_on(entries.next()) {
            let StateEntry { key, revision, .. } = entry?;
            wanted.push(Wanted::Snapshot(key, revision));
        }
    }
    let is_due = |wanted: &Wanted| {
        (begun.present_revision + 1..=begun.revision).contains(&wanted.revision())
    };
    wanted.retain(is_due);
    wanted.sort_by_key(Wanted::revision);
    Ok(wanted)
}

struct Batch<'a> {
    target: &'a dyn Backend,
    states: Vec<RecordedState>,
    bytes: usize,
}

impl Batch<'_> {
    fn add(&mut self, state: RecordedState) -> Result<()> {
        self.bytes += state.value.as_ref().map_or(0, bytes::Bytes::len);
        self.states.push(state);
        if self.states.len() == BATCH_STATES || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.bytes = 0;
        block_on(self.target.restore(Restore::states(std::mem::take(&mut self.states))))
    }
}

/// Makes sure that no revision is given again that the source has given.
fn carry_over(target: &dyn Backend, begun: &Begun) -> Result<()> {
    let reached = block_on(target.info())?.revision;
    if reached >= begun.revision {
        return Ok(());
    }
    let key = StateKey { kind: StateKind::Lease, name: Name::new(CARRIER)? };
    // Any time will do: the store takes its own newest one where that is later.
    let recorded_at = annals::Timestamp::from_micros(i64::MIN);
    let last = RecordedState { key, revision: begun.revision, value: None, recorded_at };
    block_on(target.restore(Restore::states(vec![last])))
}

/// Compares the checkpoints of both sides.
pub(super) fn check(target: &dyn Backend, begun: &Begun) -> Result<()> {
    for entry in &begun.checkpoints {
        let found = block_on(target.state(&entry.key))?.map(|found| found.value);
        if found.as_ref() != Some(&entry.value) {
            let why = format!("checkpoint `{}` differs from that of the source", entry.key.name);
            return Err(Error::new(ErrorKind::Corrupted, why));
        }
    }
    Ok(())
}
