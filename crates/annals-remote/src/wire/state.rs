//! Keyed state.

use annals_core::{
    Name, Result, StateEntry, StateExpected, StateKey, StateKind, StatePut, Timestamp,
};
use annals_proto::annals::{self as wire, state_expected::Expected};

use super::unreadable;

/// The name of a piece of state as a message.
pub(crate) fn key(key: &StateKey) -> wire::StateKey {
    wire::StateKey { kind: kind(key.kind).into(), name: key.name.to_string() }
}

/// The kind of a piece of state as a message.
pub(crate) const fn kind(kind: StateKind) -> wire::StateKind {
    match kind {
        StateKind::Checkpoint => wire::StateKind::Checkpoint,
        StateKind::Lease => wire::StateKind::Lease,
        StateKind::Snapshot => wire::StateKind::Snapshot,
    }
}

/// A write of state as a message.
pub(crate) fn put(put: StatePut) -> wire::PutStateRequest {
    let expected = match put.expected {
        StateExpected::Any => Expected::Any(()),
        StateExpected::Absent => Expected::Absent(()),
        StateExpected::Revision(revision) => Expected::Revision(revision),
    };
    wire::PutStateRequest {
        key: Some(key(&put.key)),
        expected: Some(wire::StateExpected { expected: Some(expected) }),
        value: put.value,
    }
}

/// A piece of state as the server has it.
pub(crate) fn entry(entry: wire::StateEntry) -> Result<StateEntry> {
    let key = entry.key.ok_or_else(|| unreadable("state without a key"))?;
    let kind = match key.kind() {
        wire::StateKind::Checkpoint => StateKind::Checkpoint,
        wire::StateKind::Lease => StateKind::Lease,
        wire::StateKind::Snapshot => StateKind::Snapshot,
        wire::StateKind::Unspecified => return Err(unreadable("an unknown kind of state")),
    };
    Ok(StateEntry {
        key: StateKey { kind, name: Name::new(key.name)? },
        revision: entry.revision,
        value: entry.value,
        recorded_at: Timestamp::from_micros(entry.recorded_at_micros),
    })
}
