//! Idempotency keys: a decision that was written under a key is not made again.
//!
//! The events carry the key as a tag, so it is found by the index for as long as the events are
//! there, and an append under a key is refused when there is an event with it.

use annals_core::{
    AppendCondition, Error, ErrorKind, NewEvent, Position, Query, QueryItem, Read, ReadAll,
    RecordedEvent, Result, StreamName, Tag, Timestamp, Version,
};
use bytes::Bytes;
use futures_lite::StreamExt;
use serde_json::{Map, Value};

use super::{Committed, Execute, ExecuteError, decision::Decision};
use crate::{
    At, Boundary, Root,
    app::{Store, save::DECIDED_AT},
};

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

/// "Nothing has been written under this key."
pub(crate) fn nothing_written(key: &str) -> Result<AppendCondition> {
    Ok(IdempotencyKey::new(key)?.condition())
}

/// Where the last event that was written under a key stands.
pub(crate) async fn find_written(store: &Store, key: &str) -> Result<Option<(Version, Position)>> {
    let written = IdempotencyKey::new(key)?.find(store).await?;
    Ok(written.map(|written| (written.last.version, written.last.position)))
}

/// The events of one decision.
#[derive(Debug)]
pub(super) struct Written {
    first: RecordedEvent,
    last: RecordedEvent,
    events: Vec<RecordedEvent>,
}

impl Written {
    fn of(events: Vec<RecordedEvent>) -> Option<Self> {
        let (first, last) = (events.first()?.clone(), events.last()?.clone());
        Some(Self { first, last, events })
    }

    /// The application's time when it was decided.
    fn decided_at(&self) -> Timestamp {
        let metadata = self.first.metadata.as_bytes();
        let noted = serde_json::from_slice(metadata).ok();
        noted
            .and_then(|notes: Map<String, Value>| notes.get(DECIDED_AT)?.as_i64())
            .map_or(self.first.time, Timestamp::from_micros)
    }

    /// Whether what was emitted can be what was written: the same types in the same streams.
    fn is_like<B: Boundary>(&self, root: &Root<B>) -> bool {
        let emitted = emitted(root).map(|(stream, event)| (stream, &event.event_type));
        emitted.eq(self.events.iter().map(|event| (&event.stream, &event.event_type)))
    }

    /// Whether what was emitted is what was written, as far as it is of the same schema.
    fn is_same<B: Boundary>(&self, root: &Root<B>) -> bool {
        emitted(root)
            .zip(&self.events)
            .all(|((_, new), old)| new.schema_version != old.schema_version || new.data == old.data)
    }
}

fn emitted<B: Boundary>(root: &Root<B>) -> impl Iterator<Item = (&StreamName, &NewEvent)> {
    root.pending().iter().filter_map(|pending| {
        let part = root.parts.get(pending.part)?;
        Some((&part.stream, &pending.event))
    })
}

impl<B: Boundary, D: Decision<B>> Execute<'_, B, D> {
    /// Gives what was given the first time: the decision is made once more, on the state and at
    /// the time of then, and not written. What it draws at random is drawn anew.
    pub(super) async fn replay(
        &self,
        written: Written,
    ) -> Result<Committed<D::Output>, ExecuteError<D::Error>> {
        let before = match written.first.position.get().checked_sub(1) {
            Some(before) => {
                let at = At::Position(Position::new(before));
                self.app.store.load::<B>(&self.key, at).await?
            }
            None => Root::new(&self.key)?,
        };
        let mut root = before.clone();
        let now = written.decided_at();
        let decided = self.decide(&mut root, now);
        if decided.is_err() || !written.is_like(&root) {
            return Err(another(&written).into());
        }
        let (output, _) = decided?;
        if !written.is_same(&root) {
            // Other data: another command, or one that draws at random and so differs each time.
            let mut again = before;
            self.decide(&mut again, now)?;
            if emitted(&again).map(data).eq(emitted(&root).map(data)) {
                return Err(another(&written).into());
            }
        }
        let Written { last, events, .. } = written;
        let version = root.lone_stream().is_some().then_some(last.version);
        let (position, events) = (Some(last.position), events.len());
        Ok(Committed { output, version, position, events, is_replayed: true })
    }
}

fn data<'a>((_, event): (&StreamName, &'a NewEvent)) -> &'a Bytes {
    &event.data
}

fn another(written: &Written) -> Error {
    let message = "something else was executed under this idempotency key before; give each \
                   request its own";
    Error::invalid(message).with("position", written.first.position)
}
