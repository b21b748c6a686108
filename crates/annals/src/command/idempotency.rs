//! Idempotency keys: a decision that was written under a key is not made again.
//!
//! The events carry the key as a tag, so it is found by the index for as long as the events are
//! there, and an append under a key is refused when there is an event with it.

use annals_core::{
    AppendCondition, Error, ErrorKind, EventType, Position, Query, QueryItem, Read, ReadAll,
    RecordedEvent, Result, Tag,
};
use futures_lite::StreamExt;

use super::{Committed, Execute, ExecuteError, decision::Decision};
use crate::{At, Boundary, app::Store};

const TAG_PREFIX: &str = "$idempotency:";

/// A key, as the tag that events carry.
#[derive(Debug)]
pub(super) struct IdempotencyKey {
    tag: Tag,
    query: Query,
}

impl IdempotencyKey {
    pub(super) fn new(key: &str) -> Result<Self> {
        if key.is_empty() {
            return Err(Error::invalid("the idempotency key is empty; give each request its own"));
        }
        let tag = Tag::new(format!("{TAG_PREFIX}{key}"))?;
        let query = Query::any_of([QueryItem::tags([tag.clone()])])?;
        Ok(Self { tag, query })
    }

    pub(super) const fn tag(&self) -> &Tag {
        &self.tag
    }

    /// "Nothing has been written under this key."
    pub(super) fn condition(&self) -> AppendCondition {
        AppendCondition { query: self.query.clone(), after: None }
    }

    /// What was written under the key.
    pub(super) async fn find(&self, store: &Store) -> Result<Option<Written>> {
        if !store.backend.capabilities().append_conditions {
            let message = "this store has no tags and append conditions, which idempotency keys \
                           need; use another store";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let read = Read::All(ReadAll::new(self.query.clone()));
        let events: Vec<RecordedEvent> = store.backend.read(read).try_collect().await?;
        Ok(Written::of(events))
    }
}

/// The events of one decision.
#[derive(Debug)]
pub(super) struct Written {
    first: RecordedEvent,
    last: RecordedEvent,
    types: Vec<EventType>,
}

impl Written {
    fn of(events: Vec<RecordedEvent>) -> Option<Self> {
        let (first, last) = (events.first()?.clone(), events.last()?.clone());
        let types = events.into_iter().map(|event| event.event_type).collect();
        Some(Self { first, last, types })
    }
}

impl<B: Boundary, D: Decision<B>> Execute<'_, B, D> {
    /// Gives what was given the first time: the decision is made once more, on the state and at
    /// the time of then, and not written. What it draws at random is drawn anew.
    pub(super) async fn replay(
        &self,
        written: Written,
    ) -> Result<Committed<D::Output>, ExecuteError<D::Error>> {
        let Written { first, last, types } = written;
        let mut root = match first.position.get().checked_sub(1) {
            Some(before) => {
                let at = At::Position(Position::new(before));
                self.app.store.load::<B>(&self.key, at).await?
            }
            None => crate::Root::new(&self.key)?,
        };
        let decided = self.decide(&mut root, first.time);
        let emitted = root.pending().iter().map(|pending| &pending.event.event_type);
        if decided.is_err() || !emitted.eq(&types) {
            return Err(Error::invalid(
                "something else was executed under this idempotency key before; give each request \
                 its own",
            )
            .with("position", first.position)
            .into());
        }
        let (output, _) = decided?;
        let version = root.lone_stream().is_some().then_some(last.version);
        let position = Some(last.position);
        Ok(Committed { output, version, position, events: types.len(), is_replayed: true })
    }
}
