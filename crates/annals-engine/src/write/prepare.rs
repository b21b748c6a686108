//! Everything about a request that can be worked out before it meets the store.

use std::sync::Arc;

use annals_core::{
    Append, DeleteStream, EventType, Restore, Result, StatePut, StreamMetadata, StreamName,
    StreamWrite, Tags,
};
use bytestring::ByteString;

use super::restore::PreparedRestore;
use crate::index::term::{Term, TermKind, Terms};

/// An append with the hashes of all its names.
#[derive(Debug)]
pub(crate) struct PreparedAppend {
    pub(crate) append: Append,
    /// In the order of the append's writes.
    pub(crate) writes: Vec<PreparedWrite>,
}

/// A write with the hashes of all its names.
#[derive(Debug)]
pub(crate) struct PreparedWrite {
    pub(crate) stream: Term,
    pub(crate) base: Term,
    /// For each event its key in the retry window.
    pub(crate) retry: Vec<Term>,
    /// The terms of all events one after the other, and where each event's end.
    terms: Vec<Term>,
    ends: Vec<u32>,
    /// For a metastream, what its last event says.
    pub(crate) metadata: Option<Arc<StreamMetadata>>,
}

/// A request on its way to the committer.
#[derive(Debug)]
pub(crate) enum Prepared {
    Append(PreparedAppend),
    Delete(DeleteStream, Term),
    PutState(StatePut),
    Restore(PreparedRestore),
}

impl Prepared {
    pub(crate) fn append(append: Append, terms: &Terms) -> Result<Self> {
        append.check()?;
        let writes = append.writes.iter().map(|write| PreparedWrite::new(write, terms)).collect();
        Ok(Self::Append(PreparedAppend { append, writes }))
    }

    pub(crate) fn delete(delete: DeleteStream, terms: &Terms) -> Self {
        let base = terms.base(&delete.stream);
        Self::Delete(delete, base)
    }

    pub(crate) fn restore(restore: Restore, terms: &Terms) -> Self {
        Self::Restore(PreparedRestore::new(restore, terms))
    }

    pub(crate) fn put_state(put: StatePut) -> Result<Self> {
        put.check()?;
        Ok(Self::PutState(put))
    }
}

impl PreparedWrite {
    fn new(write: &StreamWrite, terms: &Terms) -> Self {
        let stream = terms.stream(&write.stream);
        let mut all = Vec::with_capacity(write.events.len() * 4);
        let mut ends = Vec::with_capacity(write.events.len());
        for event in &write.events {
            let correlation = event.metadata.correlation();
            put_terms(&mut all, terms, &write.stream, &event.event_type, &event.tags, correlation);
            ends.push(all.len() as u32);
        }
        let metadata = write.events.last().filter(|_| write.stream.is_metastream());
        Self {
            stream,
            base: terms.base(&write.stream),
            retry: write.events.iter().map(|event| terms.retry(stream, event.id)).collect(),
            terms: all,
            ends,
            metadata: metadata.map(|event| Arc::new(StreamMetadata::parse_stored(&event.data))),
        }
    }

    /// The terms of each event in order.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &[Term]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.terms.get(start as usize..*end as usize).unwrap_or_default())
    }
}

/// Appends the terms by which an event can be found, its stream excepted.
pub(crate) fn put_terms(
    out: &mut Vec<Term>,
    terms: &Terms,
    stream: &StreamName,
    event_type: &EventType,
    tags: &Tags,
    correlation: Option<&ByteString>,
) {
    if let Some(category) = stream.category_str() {
        out.push(terms.term(TermKind::Category, category));
    }
    out.push(terms.term(TermKind::EventType, event_type.as_str()));
    out.extend(tags.into_iter().map(|tag| terms.term(TermKind::Tag, tag.as_str())));
    out.extend(correlation.map(|id| terms.term(TermKind::Correlation, id)));
}
