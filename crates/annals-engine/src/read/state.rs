//! Keyed state: the last write to a key, wherever it is.

use std::collections::BTreeSet;

use annals_core::{Name, Result, StateEntry, StateKey, StateKind, Timestamp};
use bytestring::ByteString;

use super::snapshot::Snapshot;
use crate::{
    error::corrupted,
    format::Damaged,
    index::{codec::StatePlace, view::View},
};

/// A piece of state.
pub(crate) fn entry(snapshot: &Snapshot, key: &StateKey) -> Result<Option<StateEntry>> {
    if let Some((slot, segment)) = snapshot.view.memory_state(key) {
        if !slot.is_present {
            return Ok(None);
        }
        return Ok(Some(StateEntry {
            key: key.clone(),
            revision: slot.revision,
            value: segment.state_value(slot)?,
            recorded_at: Timestamp::from_micros(slot.recorded_at),
        }));
    }
    let Some(place) = snapshot.view.tree.state(key)? else { return Ok(None) };
    sealed_entry(&snapshot.view, key, place).map(Some)
}

fn sealed_entry(view: &View, key: &StateKey, place: StatePlace) -> Result<StateEntry> {
    let wrong = || {
        let what = Damaged("the index leads to another piece of state");
        corrupted(crate::log::names::INDEX_DIR, u64::from(place.offset), what)
    };
    let found = view.sealed.binary_search_by_key(&place.segment, |segment| segment.entry.number);
    let segment = found.ok().and_then(|index| view.sealed.get(index)).ok_or_else(wrong)?;
    let (record, recorded_at) = segment.state(place.offset)?;
    if record.key != *key || record.revision != place.revision {
        return Err(wrong());
    }
    Ok(StateEntry {
        key: record.key,
        revision: record.revision,
        value: record.value.unwrap_or_default(),
        recorded_at: Timestamp::from_micros(recorded_at),
    })
}

/// The keys of a kind whose name begins with a prefix, sorted by name. Some may be deleted.
pub(crate) fn keys(
    snapshot: &Snapshot,
    kind: StateKind,
    prefix: &str,
) -> Result<BTreeSet<StateKey>> {
    let mut keys = BTreeSet::new();
    for (name, _) in snapshot.view.tree.states(kind, prefix)? {
        let name = ByteString::try_from(name).map_err(|_| {
            let what = Damaged("a name is not UTF-8");
            corrupted(crate::log::names::INDEX_DIR, 0, what)
        })?;
        keys.insert(StateKey { kind, name: Name::from_stored(name) });
    }
    for segment in &snapshot.view.memory {
        let index = segment.index.read();
        let wanted = |key: &&StateKey| key.kind == kind && key.name.as_str().starts_with(prefix);
        keys.extend(index.states().keys().filter(wanted).cloned());
    }
    Ok(keys)
}
