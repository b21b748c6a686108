//! What the commits of the current group changed, until it is durable.
//!
//! Readers must not act on it: a refusal that stands on a commit which then fails would be a lie.
//! The committer must: later requests of the group stand on the earlier ones.

use std::collections::BTreeMap;

use annals_core::StateKey;

use crate::index::{
    head::HeadEntry,
    memory::{MemoryIndex, StateSlot},
    term::{Term, TermMap},
    view::View,
};

/// Heads and state that are not durable yet.
#[derive(Debug, Default)]
pub(crate) struct Unpublished {
    heads: TermMap<HeadEntry>,
    states: BTreeMap<StateKey, StateSlot>,
}

impl Unpublished {
    pub(crate) fn set_head(&mut self, base: Term, head: HeadEntry) {
        self.heads.insert(base, head);
    }

    pub(crate) fn set_state(&mut self, key: StateKey, slot: StateSlot) {
        self.states.insert(key, slot);
    }

    /// The head of a stream, if this group changed it.
    pub(crate) fn own_head(&self, base: Term) -> Option<&HeadEntry> {
        self.heads.get(&base)
    }

    /// The head of a stream, if this group or a segment in memory knows it.
    pub(crate) fn head(&self, view: &View, base: Term) -> Option<HeadEntry> {
        self.own_head(base).cloned().or_else(|| view.memory_head(base))
    }

    /// The last write to a piece of state, if this group or a segment in memory knows it.
    pub(crate) fn state(&self, view: &View, key: &StateKey) -> Option<StateSlot> {
        let own = self.states.get(key).copied();
        own.or_else(|| view.memory_state(key).map(|(slot, _)| slot))
    }

    /// Shows everything to the readers, now that it is durable.
    pub(crate) fn publish(&mut self, index: &mut MemoryIndex) {
        for (base, head) in self.heads.drain() {
            index.set_head(base, head);
        }
        for (key, slot) in std::mem::take(&mut self.states) {
            index.set_state(key, slot);
        }
    }
}
