//! Storing accepted writes: from here on nothing can fail.

use std::{sync::Arc, vec};

use super::store::{Store, base};
use crate::{
    EventId, NewEvent, Position, RecordedEvent, StreamAppended, StreamMetadata, StreamName,
    StreamWrite, Version,
};

/// A write on its way into the store.
struct Pending {
    stream: StreamName,
    events: vec::IntoIter<NewEvent>,
    brings_back: bool,
    first_version: Option<Version>,
    last_version: Option<Version>,
}

impl Store {
    /// Stores the events of all writes: first in the order asked for, then write by write. The
    /// deletion of a stream ends right before the first event of its write, or in place of it.
    pub(super) fn write_all(
        &mut self,
        writes: Vec<StreamWrite>,
        interleaving: &[u32],
    ) -> Vec<StreamAppended> {
        let brings_back: Vec<_> =
            writes.iter().map(|write| self.brings_back(write, &writes)).collect();
        let pending = writes.into_iter().zip(brings_back).map(|(write, brings_back)| Pending {
            stream: write.stream,
            events: write.events.into_iter(),
            brings_back,
            first_version: None,
            last_version: None,
        });
        let mut pending: Vec<_> = pending.collect();
        for index in interleaving {
            if let Some(write) = pending.get_mut(*index as usize) {
                self.write_next(write);
            }
        }
        for write in &mut pending {
            while self.write_next(write) {}
            self.bring_back(write);
        }
        let written = pending.into_iter().map(|write| StreamAppended {
            first_version: write.first_version,
            last_version: write.last_version.or_else(|| self.lane(&write.stream).last),
            stream: write.stream,
        });
        written.collect()
    }

    fn write_next(&mut self, write: &mut Pending) -> bool {
        let Some(event) = write.events.next() else { return false };
        self.bring_back(write);
        let version = self.push(&write.stream, event);
        write.first_version.get_or_insert(version);
        write.last_version = Some(version);
        true
    }

    /// A write to a deleted stream ends the deletion, unless the same append gives the stream new
    /// settings: then those decide.
    fn brings_back(&self, write: &StreamWrite, all: &[StreamWrite]) -> bool {
        let metastream = write.stream.metastream();
        metastream.is_some_and(|metastream| {
            let new_settings =
                all.iter().any(|other| other.stream == metastream && !other.events.is_empty());
            self.lane(&write.stream).is_soft_deleted && !new_settings
        })
    }

    fn bring_back(&mut self, write: &mut Pending) {
        if !std::mem::take(&mut write.brings_back) {
            return;
        }
        let undelete = self.head_of(&write.stream).undelete();
        if let Some((metadata, metastream)) = undelete.zip(write.stream.metastream()) {
            self.push_metadata(&metastream, &metadata);
        }
    }

    pub(super) fn push_metadata(&mut self, metastream: &StreamName, metadata: &StreamMetadata) {
        let version = self.lane(metastream).last.map_or(Version::FIRST, Version::next);
        self.push(metastream, metadata.to_event(EventId::of_store(metastream, version)));
    }

    fn push(&mut self, stream: &StreamName, event: NewEvent) -> Version {
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
        self.record(stream, version, event);
        version
    }

    pub(super) fn record(&mut self, stream: &StreamName, version: Version, event: NewEvent) {
        self.tick();
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
