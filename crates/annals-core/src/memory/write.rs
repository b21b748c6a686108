//! Storing accepted writes: from here on nothing can fail.

use std::sync::Arc;

use super::store::{Store, base};
use crate::{
    EventId, NewEvent, Position, RecordedEvent, StreamAppended, StreamMetadata, StreamName,
    StreamWrite, Version,
};

impl Store {
    /// Stores the events of a write.
    pub(super) fn write(&mut self, write: StreamWrite) -> StreamAppended {
        self.bring_back(&write.stream);
        let before = self.lane(&write.stream).last;
        let is_empty = write.events.is_empty();
        for event in write.events {
            self.push(&write.stream, event);
        }
        self.written(write.stream, before, is_empty)
    }

    /// Stores the events of all writes in the order asked for; writes without events come last.
    pub(super) fn write_interleaved(
        &mut self,
        writes: Vec<StreamWrite>,
        interleaving: &[u32],
    ) -> Vec<StreamAppended> {
        let mut writes: Vec<_> = writes
            .into_iter()
            .map(|write| {
                let before = self.lane(&write.stream).last;
                (write.stream, before, write.events.is_empty(), write.events.into_iter())
            })
            .collect();
        for index in interleaving {
            let next = writes.get_mut(*index as usize);
            let next = next.and_then(|(stream, _, _, events)| Some((stream, events.next()?)));
            if let Some((stream, event)) = next {
                self.bring_back(stream);
                self.push(stream, event);
            }
        }
        for (stream, ..) in writes.iter().filter(|(_, _, is_empty, _)| *is_empty) {
            self.bring_back(stream);
        }
        let written = writes.into_iter();
        written
            .map(|(stream, before, is_empty, _)| self.written(stream, before, is_empty))
            .collect()
    }

    fn written(
        &self,
        stream: StreamName,
        before: Option<Version>,
        is_empty: bool,
    ) -> StreamAppended {
        let first = before.map_or(Version::FIRST, Version::next);
        StreamAppended {
            first_version: (!is_empty).then_some(first),
            last_version: self.lane(&stream).last,
            stream,
        }
    }

    /// A write to a deleted stream ends the deletion.
    fn bring_back(&mut self, stream: &StreamName) {
        let undelete = (!stream.is_metastream()).then(|| self.head_of(stream).undelete()).flatten();
        if let Some((metadata, metastream)) = undelete.zip(stream.metastream()) {
            self.push_metadata(&metastream, &metadata);
        }
    }

    pub(super) fn push_metadata(
        &mut self,
        metastream: &StreamName,
        metadata: &StreamMetadata,
    ) -> Position {
        let version = self.lane(metastream).last.map_or(Version::FIRST, Version::next);
        self.push(metastream, metadata.to_event(EventId::of_store(metastream, version)))
    }

    fn push(&mut self, stream: &StreamName, event: NewEvent) -> Position {
        let version = self.lane(stream).last.map_or(Version::FIRST, Version::next);
        let head = self.heads.entry(base(stream)).or_default();
        if stream.is_metastream() {
            head.metadata_last = Some(version);
            head.metadata = Some(Arc::new(StreamMetadata::parse_stored(&event.data)));
        } else {
            head.last = Some(version);
        }
        if version == Version::FIRST {
            self.begun.push(stream.clone());
        }
        self.streams.entry(stream.clone()).or_default().push(self.events.len());
        self.record(stream, version, event)
    }

    pub(super) fn record(
        &mut self,
        stream: &StreamName,
        version: Version,
        event: NewEvent,
    ) -> Position {
        let position = Position::new(self.events.len() as u64);
        self.events.push(RecordedEvent {
            id: event.id,
            stream: stream.clone(),
            version,
            position,
            event_type: event.event_type,
            schema_version: event.schema_version,
            data: event.data,
            content_type: event.content_type,
            metadata: event.metadata,
            tags: event.tags,
            time: event.time.unwrap_or(self.recorded_at),
            recorded_at: self.recorded_at,
        });
        position
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Append, Backend, EventType, ExpectedVersion, MemoryBackend, NewEvent, Query, ReadAll,
        StreamName,
    };
    use futures_lite::{StreamExt, future::block_on};

    fn event(stream: &'static str) -> (StreamName, NewEvent) {
        (StreamName::new(stream).unwrap(), NewEvent::new(EventType::new("x").unwrap(), "{}"))
    }

    #[test]
    fn interleaved_streams_keep_the_order_of_the_events() {
        block_on(async {
            let store = MemoryBackend::new();
            let append =
                Append::interleaved(ExpectedVersion::Any, ["a", "b", "a", "c", "b"].map(event));
            let done = store.append(append.clone()).await.unwrap();
            assert_eq!(done.position.unwrap().get(), 4);
            let versions: Vec<_> = done
                .streams
                .iter()
                .map(|s| (s.first_version.unwrap().get(), s.last_version.unwrap().get()))
                .collect();
            assert_eq!(versions, [(0, 1), (0, 1), (0, 0)]);

            let again = store.append(append).await.unwrap();
            assert!(again.duplicate);
            assert_eq!((again.streams, again.position), (done.streams, done.position));

            let all: Vec<_> =
                store.read(ReadAll::new(Query::all()).into()).try_collect().await.unwrap();
            let order: Vec<_> = all.iter().map(|e| format!("{}@{}", e.version, e.stream)).collect();
            assert_eq!(order, ["0@a", "0@b", "1@a", "0@c", "1@b"]);
        });
    }
}
