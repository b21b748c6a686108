//! Pages of the in-memory store for subscriptions.

use event_listener::EventListener;

use super::{Shared, ready};
use crate::{
    BoxFuture, Error, Follow, Page, Position, Query, ReadAll, ReadStream, Result, StreamName,
    Version,
};

/// Events on one page.
const PAGE_EVENTS: u64 = 512;

impl Follow for Shared {
    fn listen(&self) -> EventListener {
        self.changed.listen()
    }

    fn newest(&self) -> Result<Option<Position>> {
        Ok(self.open_store()?.newest())
    }

    fn newest_of(&self, stream: &StreamName) -> BoxFuture<'static, Result<Option<Version>>> {
        ready(self.open_store().and_then(|store| {
            let lane = store.lane(stream);
            if lane.is_tombstoned { Err(Error::stream_deleted(stream)) } else { Ok(lane.last) }
        }))
    }

    fn page(&self, query: &Query, from: Position) -> BoxFuture<'static, Result<Page<Position>>> {
        ready(self.open_store().map(|store| {
            let read = ReadAll::new(query.clone()).from(from).limit(PAGE_EVENTS);
            let events = store.read_all(&read);
            let head = store.newest().map_or(Position::FIRST, Position::next);
            let is_last = (events.len() as u64) < PAGE_EVENTS;
            let next = events.last().filter(|_| !is_last).map_or(head, |e| e.position.next());
            Page { events, next, head: store.newest(), is_last, is_closed: false }
        }))
    }

    fn page_of(
        &self,
        stream: &StreamName,
        from: Version,
    ) -> BoxFuture<'static, Result<Page<Version>>> {
        ready(self.open_store().map(|store| {
            let read = ReadStream::new(stream.clone()).from(from).limit(PAGE_EVENTS);
            let lane = store.lane(stream);
            let mut events = store.readable(&read, self.clock.now());
            let is_last = (events.len() as u64) < PAGE_EVENTS;
            let end = lane.last.map_or(Version::FIRST, Version::next);
            let next = events.last().filter(|_| !is_last).map_or(end, |e| e.version.next());
            let is_closed = is_last && lane.is_tombstoned;
            if is_closed {
                events.extend(store.tombstone(stream));
            }
            Page { events, next, head: store.newest(), is_last, is_closed }
        }))
    }
}
