//! Settings that the store itself writes: a deletion, and what ends one.

use std::sync::Arc;

use annals_core::{EventId, NewEvent, StreamMetadata, StreamName, Version};

use super::{
    draft::{Item, Role},
    prepare::put_terms,
};
use crate::index::{
    head::HeadEntry,
    term::{Term, Terms},
};

/// A stream's settings, changed by the store itself.
pub(super) struct Revival {
    pub(super) metastream: StreamName,
    term: Term,
    base: Term,
    pub(super) event: NewEvent,
    terms: Vec<Term>,
    retry: Term,
    metadata: Arc<StreamMetadata>,
}

impl Revival {
    /// What brings a deleted stream back; `None` when it is not deleted.
    pub(super) fn of(stream: &StreamName, head: &HeadEntry, terms: &Terms) -> Option<Self> {
        if stream.is_metastream() {
            return None;
        }
        let metadata = head.to_stream_head().undelete()?;
        let version = head.metadata_last.map_or(Version::FIRST, Version::next);
        Self::new(stream, metadata, version, terms)
    }

    pub(super) fn new(
        stream: &StreamName,
        metadata: StreamMetadata,
        version: Version,
        terms: &Terms,
    ) -> Option<Self> {
        let metastream = stream.metastream()?;
        let event = metadata.to_event(EventId::of_store(&metastream, version));
        let term = terms.stream(&metastream);
        let mut found_by = Vec::new();
        put_terms(&mut found_by, terms, &metastream, &event.event_type, &event.tags, None);
        Some(Self {
            term,
            base: terms.stream(stream),
            retry: terms.retry(term, event.id),
            terms: found_by,
            metadata: Arc::new(metadata),
            metastream,
            event,
        })
    }

    pub(super) fn item(&self) -> Item<'_> {
        Item {
            stream: &self.metastream,
            term: self.term,
            base: self.base,
            event: &self.event,
            terms: &self.terms,
            retry: self.retry,
            role: Role::Metadata(Arc::clone(&self.metadata)),
        }
    }
}
