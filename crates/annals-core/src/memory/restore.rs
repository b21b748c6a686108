//! Storing what another store recorded.

use super::store::Store;
use crate::{
    Position, RecordedEvent, RecordedState, Restore, Result, StateEntry, Version,
    rules::{self, StoreEnd},
};

impl Store {
    pub(super) fn restore(&mut self, restore: Restore) -> Result<()> {
        let end = StoreEnd {
            next: Position::new(self.events.len() as u64),
            recorded_at: self.recorded_at,
            revision: self.revision,
        };
        let heads = rules::decide_restore(&restore, end, |stream| Ok(self.head_of(stream)))?;
        self.heads.extend(heads);
        for event in restore.events {
            self.restore_event(event);
        }
        for state in restore.states {
            self.restore_state(state);
        }
        Ok(())
    }

    fn restore_event(&mut self, event: RecordedEvent) {
        self.recorded_at = event.recorded_at;
        if event.version == Version::FIRST {
            self.begun.push(event.stream.clone());
        }
        if event.version != Version::DELETED {
            self.streams.entry(event.stream.clone()).or_default().push(self.events.len());
        }
        self.events.push(event);
    }

    fn restore_state(&mut self, state: RecordedState) {
        let RecordedState { key, revision, value, recorded_at } = state;
        self.recorded_at = std::cmp::max(self.recorded_at, recorded_at);
        self.revision = revision;
        let recorded_at = self.recorded_at;
        match value {
            Some(value) => {
                let entry = StateEntry { key: key.clone(), revision, value, recorded_at };
                self.state.insert(key, entry);
            }
            None => {
                self.state.remove(&key);
            }
        }
    }
}
