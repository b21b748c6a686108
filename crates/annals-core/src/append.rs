//! Appends: everything in one is stored together or not at all.

use std::collections::{HashMap, HashSet};

use crate::{
    ContentType, Error, EventType, ExpectedVersion, Name, NewEvent, Position, Query, Result,
    StreamMetadata, StreamName, Version, limits,
};

/// One atomic write: events to one or more streams, guarded by conditions, with the progress of
/// a consumer.
///
/// It is durable when it is acknowledged. Without events it may still check expected versions,
/// or store a checkpoint.
#[derive(Debug, Clone, Default)]
pub struct Append {
    /// What goes where. A stream may be named once.
    pub writes: Vec<StreamWrite>,
    /// How the events of several writes follow one another: for each event of the append in order,
    /// the index of its write. Empty: all of the first write, then all of the second, and so on.
    ///
    /// It decides about positions only. Versions, expectations and retries are per write.
    pub interleaving: Vec<u32>,
    /// Queries that no newer event may match. They are not checked against this append's events.
    pub conditions: Vec<AppendCondition>,
    /// Progress to store in the same commit.
    pub checkpoint: Option<CheckpointWrite>,
}

/// The events for one stream.
///
/// A write to a deleted stream brings it back, with settings that the store writes. When the same
/// append has settings for the stream, those decide instead.
#[derive(Debug, Clone)]
pub struct StreamWrite {
    /// Where to.
    pub stream: StreamName,
    /// What the stream must look like before.
    pub expected: ExpectedVersion,
    /// The events in order. Empty means: only check (and bring a deleted stream back).
    pub events: Vec<NewEvent>,
}

/// "Fail if an event matches this query after this position": a dynamic consistency boundary.
#[derive(Debug, Clone)]
pub struct AppendCondition {
    /// Which events must not be there.
    pub query: Query,
    /// Events at or before this position do not count. `None`: the whole history counts.
    pub after: Option<Position>,
}

/// A consumer's progress. It must be beyond the stored one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointWrite {
    /// Whose progress.
    pub name: Name,
    /// Up to and including which event.
    pub position: Position,
}

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// For each write, in order, what became of its stream.
    pub streams: Vec<StreamAppended>,
    /// The position of the last event, `None` when nothing was written.
    pub position: Option<Position>,
    /// Whether the events had been stored before, so that nothing was written now.
    pub duplicate: bool,
}

/// What an append did to one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamAppended {
    /// The stream.
    pub stream: StreamName,
    /// The version of its first event in this append.
    pub first_version: Option<Version>,
    /// The version of its last event in this append, or of the stream when there was none.
    pub last_version: Option<Version>,
}

/// Deletes a stream.
#[derive(Debug, Clone)]
pub struct DeleteStream {
    /// Which stream.
    pub stream: StreamName,
    /// What it must look like before.
    pub expected: ExpectedVersion,
    /// For now or for good.
    pub mode: DeleteMode,
}

/// How a stream is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeleteMode {
    /// Its events are no longer read; the next append brings the stream back, numbering on.
    Soft,
    /// It can never be used again.
    Tombstone,
}

/// What a delete did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    /// The position of the event that records the deletion.
    pub position: Position,
}

impl Append {
    /// Events for one stream.
    pub fn to(
        stream: StreamName,
        expected: ExpectedVersion,
        events: impl IntoIterator<Item = NewEvent>,
    ) -> Self {
        Self::default().and(stream, expected, events)
    }

    /// Also events for another stream.
    #[must_use]
    pub fn and(
        mut self,
        stream: StreamName,
        expected: ExpectedVersion,
        events: impl IntoIterator<Item = NewEvent>,
    ) -> Self {
        let events = events.into_iter().collect();
        self.writes.push(StreamWrite { stream, expected, events });
        self
    }

    /// Events for many streams that keep their order across streams, with one expectation for
    /// every stream.
    pub fn interleaved(
        expected: ExpectedVersion,
        events: impl IntoIterator<Item = (StreamName, NewEvent)>,
    ) -> Self {
        let mut append = Self::default();
        let mut indexes: HashMap<StreamName, u32> = HashMap::new();
        for (stream, event) in events {
            let next = u32::try_from(append.writes.len()).unwrap_or(u32::MAX);
            let index = *indexes.entry(stream).or_insert_with_key(|stream| {
                let stream = stream.clone();
                append.writes.push(StreamWrite { stream, expected, events: Vec::new() });
                next
            });
            append.interleaving.push(index);
            if let Some(write) = append.writes.get_mut(index as usize) {
                write.events.push(event);
            }
        }
        append
    }

    /// Only if no event after `after` matches the query.
    #[must_use]
    pub fn unless(mut self, query: Query, after: Option<Position>) -> Self {
        self.conditions.push(AppendCondition { query, after });
        self
    }

    /// Together with a consumer's progress.
    #[must_use]
    pub fn checkpoint(mut self, name: Name, position: Position) -> Self {
        self.checkpoint = Some(CheckpointWrite { name, position });
        self
    }

    /// The number of events.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.writes.iter().map(|write| write.events.len()).sum()
    }

    /// Checks everything that can be checked without the store: limits, repeats, reserved types.
    ///
    /// # Errors
    /// `InvalidArgument` or `TooLarge`, naming the offending part.
    pub fn check(&self) -> Result<()> {
        if self.writes.is_empty() && self.checkpoint.is_none() {
            return Err(Error::invalid(
                "the append is empty; give it at least one event or a checkpoint",
            ));
        }
        let within = |what: &str, count: usize, max: usize| {
            if count > max { Err(Error::too_large(what, count, max)) } else { Ok(()) }
        };
        within("the number of streams", self.writes.len(), limits::APPEND_STREAMS_MAX)?;
        within("the number of conditions", self.conditions.len(), limits::APPEND_CONDITIONS_MAX)?;
        within("the number of events", self.event_count(), limits::APPEND_EVENTS_MAX)?;
        self.check_interleaving()?;
        let mut bytes = 0;
        let mut streams = HashSet::new();
        for write in &self.writes {
            if !streams.insert(&write.stream) {
                return Err(Error::invalid(format!(
                    "stream `{}` is named twice in one append; put its events into one write",
                    write.stream
                )));
            }
            bytes += write.check()?;
        }
        within("the size of the append in bytes", bytes, limits::APPEND_BYTES_MAX)
    }

    fn check_interleaving(&self) -> Result<()> {
        if self.interleaving.is_empty() {
            return Ok(());
        }
        let mut left: Vec<usize> = self.writes.iter().map(|write| write.events.len()).collect();
        for &index in &self.interleaving {
            match left.get_mut(index as usize) {
                Some(left) if *left > 0 => *left -= 1,
                _ => {
                    return Err(Error::invalid(format!(
                        "the interleaving names write {index} more often than it has events"
                    )));
                }
            }
        }
        match left.iter().position(|left| *left > 0) {
            None => Ok(()),
            Some(index) => {
                Err(Error::invalid(format!("the interleaving leaves out events of write {index}")))
            }
        }
    }
}

impl StreamWrite {
    /// Checks the events and gives their size together.
    fn check(&self) -> Result<usize> {
        let mut ids = HashSet::with_capacity(self.events.len());
        let mut bytes = 0;
        for event in &self.events {
            event.check()?;
            self.check_reserved(event)?;
            if !ids.insert(event.id) {
                return Err(Error::invalid(format!(
                    "event id {} stands twice in the append to `{}`; every event needs its own",
                    event.id, self.stream
                )));
            }
            bytes += event.size();
        }
        Ok(bytes)
    }

    fn check_reserved(&self, event: &NewEvent) -> Result<()> {
        let metadata_event = event.event_type == EventType::METADATA;
        if self.stream.is_metastream() != metadata_event {
            return Err(Error::invalid(format!(
                "events of type `$metadata`, and only they, go to a `$$` stream; got type `{}` \
                 for stream `{}`",
                event.event_type, self.stream
            )));
        }
        if event.event_type == EventType::STREAM_DELETED {
            return Err(Error::invalid(
                "type `$streamDeleted` is written by the store alone; delete the stream instead",
            ));
        }
        if metadata_event {
            if event.content_type != ContentType::Json {
                return Err(Error::invalid("stream metadata must be JSON"));
            }
            StreamMetadata::parse(&event.data)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, EventId};

    fn stream(name: &'static str) -> StreamName {
        StreamName::new(name).unwrap()
    }

    fn event(event_type: &'static str) -> NewEvent {
        NewEvent::new(EventType::new(event_type).unwrap(), "{}")
    }

    fn refused(append: &Append) -> ErrorKind {
        append.check().unwrap_err().kind()
    }

    #[test]
    fn an_append_of_nothing_is_refused() {
        assert_eq!(refused(&Append::default()), ErrorKind::InvalidArgument);
    }

    #[test]
    fn a_stream_named_twice_is_refused() {
        let append = Append::to(stream("a"), ExpectedVersion::Any, [event("x")]).and(
            stream("a"),
            ExpectedVersion::Any,
            [event("y")],
        );
        assert_eq!(refused(&append), ErrorKind::InvalidArgument);
    }

    #[test]
    fn an_id_twice_in_one_batch_is_refused() {
        let id = EventId::random();
        let events = [event("x").with_id(id), event("y").with_id(id)];
        let append = Append::to(stream("a"), ExpectedVersion::Any, events);
        assert_eq!(refused(&append), ErrorKind::InvalidArgument);
    }

    #[test]
    fn events_over_the_size_are_refused_with_the_number() {
        let mut big = event("x");
        big.data = vec![0; limits::EVENT_BYTES_MAX].into();
        let append = Append::to(stream("a"), ExpectedVersion::Any, [big]);
        let error = append.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().contains("16777216"), "{error}");
    }

    #[test]
    fn interleaved_events_keep_their_order_and_every_stream_one_write() {
        let events = ["a", "b", "a"].map(|name| (stream(name), event("x")));
        let append = Append::interleaved(ExpectedVersion::Any, events);
        assert_eq!(append.interleaving, [0, 1, 0]);
        let counts: Vec<_> = append.writes.iter().map(|write| write.events.len()).collect();
        assert_eq!(counts, [2, 1]);
        assert!(append.check().is_ok());
    }

    #[test]
    fn an_interleaving_that_does_not_fit_the_writes_is_refused() {
        for interleaving in [vec![0], vec![0, 0, 0], vec![0, 1], vec![7, 0]] {
            let writes = [event("x"), event("y")];
            let append = Append::to(stream("a"), ExpectedVersion::Any, writes);
            let append = Append { interleaving, ..append };
            assert_eq!(refused(&append), ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn metastreams_take_metadata_and_nothing_else() {
        let to_meta = |event| Append::to(stream("$$a"), ExpectedVersion::Any, [event]);
        assert_eq!(refused(&to_meta(event("x"))), ErrorKind::InvalidArgument);
        assert!(to_meta(event("$metadata")).check().is_ok());
        let mut broken = event("$metadata");
        broken.data = "[".into();
        assert_eq!(refused(&to_meta(broken)), ErrorKind::InvalidArgument);
        let to_stream = Append::to(stream("a"), ExpectedVersion::Any, [event("$metadata")]);
        assert_eq!(refused(&to_stream), ErrorKind::InvalidArgument);
    }
}
