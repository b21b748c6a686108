//! The store as a source of subscriptions.
//!
//! A lost connection does not end one: its next page is asked for until it can be read.

use std::sync::Arc;

use annals_core::{
    BoxFuture, Direction, Error, Follow, Page, Position, Query, Result, StreamName, Version,
};
use event_listener::EventListener;

use crate::{
    backend::Inner,
    read::{all, rows::ROWS_MAX, stream},
    replicas::For,
    shared::Shared,
};

#[derive(Debug)]
pub(crate) struct Followed(pub(crate) Arc<Inner>);

impl Follow for Followed {
    fn listen(&self) -> EventListener {
        self.0.shared.changed.listen()
    }

    fn newest(&self) -> Result<Option<Position>> {
        self.0.shared.check_open()?;
        Ok(self.0.shared.newest())
    }

    fn newest_of(&self, of: &StreamName) -> BoxFuture<'static, Result<Option<Version>>> {
        let (shared, of) = (Arc::clone(&self.0.shared), of.clone());
        // Taken now, so that what is appended from now on counts as newer.
        let upto = shared.newest();
        shared.follow(move |shared| {
            let of = of.clone();
            async move {
                match stream::newest_of(&shared, &of, upto).await? {
                    (_, true) => Err(Error::stream_deleted(&of)),
                    (newest, false) => Ok(newest),
                }
            }
        })
    }

    fn page(&self, query: &Query, from: Position) -> BoxFuture<'static, Result<Page<Position>>> {
        let stretch = all::Stretch {
            query: query.clone(),
            direction: Direction::Forward,
            low: from.get(),
            high: u64::MAX,
            limit: ROWS_MAX,
        };
        self.0.shared.follow(move |shared| page(shared, stretch.clone()))
    }

    fn page_of(&self, of: &StreamName, from: Version) -> BoxFuture<'static, Result<Page<Version>>> {
        let stretch = stream::Stretch {
            stream: of.clone(),
            direction: Direction::Forward,
            low: from.get(),
            high: u64::MAX,
            limit: ROWS_MAX,
        };
        self.0.shared.follow(move |shared| page_of(shared, stretch.clone()))
    }
}

async fn page(shared: Arc<Shared>, stretch: all::Stretch) -> Result<Page<Position>> {
    let page = all::page(&shared, &stretch, For::Following).await?;
    let is_last = !page.is_full;
    let end = page.head.map_or(Position::FIRST, Position::next);
    let next = page.events.last().filter(|_| !is_last).map_or(end, |e| e.position.next());
    Ok(Page { events: page.events, next, head: page.head, is_last, is_closed: false })
}

async fn page_of(shared: Arc<Shared>, stretch: stream::Stretch) -> Result<Page<Version>> {
    let page = stream::page(&shared, &stretch, For::Following).await?;
    let mut events = page.events;
    let is_last = !page.is_full;
    let end = page.last.map_or(Version::FIRST, Version::next);
    let next = events.last().filter(|_| !is_last).map_or(end, |e| e.version.next());
    let is_closed = is_last && page.is_tombstoned;
    if is_closed {
        events.extend(stream::tombstone(&shared, &stretch.stream).await?);
    }
    Ok(Page { events, next, head: page.head, is_last, is_closed })
}
