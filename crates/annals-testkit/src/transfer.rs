//! All that a store holds, restored in another one.

use annals_core::{
    Backend, Query, ReadAll, RecordedEvent, RecordedState, Restore, Result, StateEntry, StateKind,
};
use futures_lite::{StreamExt, future::block_on};

use crate::words::key;

/// Every event, readable in its stream or not.
pub(crate) fn events(of: &dyn Backend) -> Vec<RecordedEvent> {
    let events = of.read(ReadAll::new(Query::all()).into());
    block_on(events.try_collect()).expect("the store can be read")
}

/// All state of every kind.
pub(crate) fn states(of: &dyn Backend) -> Vec<StateEntry> {
    let of_kind = |kind| -> Vec<StateEntry> {
        block_on(of.states(kind, "").try_collect()).expect("the state can be listed")
    };
    StateKind::ALL.into_iter().flat_map(of_kind).collect()
}

/// The state as writes in the order of their revisions, the newest revision of the store last.
pub(crate) fn recorded_states(of: &dyn Backend) -> Vec<RecordedState> {
    let recorded = states(of).into_iter().map(|entry| RecordedState {
        key: entry.key,
        revision: entry.revision,
        value: Some(entry.value),
        recorded_at: entry.recorded_at,
    });
    let mut recorded: Vec<_> = recorded.collect();
    recorded.sort_by_key(|state| state.revision);
    let newest = block_on(of.info()).expect("the store is known").revision;
    if recorded.last().is_none_or(|last| last.revision < newest) && newest > 0 {
        let recorded_at = recorded.last().map(|last| last.recorded_at).unwrap_or_default();
        let key = key(StateKind::Lease, "nobody's");
        recorded.push(RecordedState { key, revision: newest, value: None, recorded_at });
    }
    recorded
}

pub(crate) fn restore(to: &dyn Backend, restore: Restore) -> Result<()> {
    block_on(to.restore(restore))
}

/// Restores everything of one store in another, so many events at a time.
pub(crate) fn transfer(from: &dyn Backend, to: &dyn Backend, batch: usize) {
    for events in events(from).chunks(batch) {
        restore(to, Restore::events(events.to_vec())).expect("the events follow on the store");
    }
    restore(to, Restore::states(recorded_states(from))).expect("the state is newer");
}
