//! The one way all backends make a subscription: pages up to the head, then wait for it to move.
//!
//! There is no gap between catching up and live, because both read the same pages from the same
//! cursor; and no repeat, because the cursor only moves on. While a page is given out the next one
//! is asked for already, so that a source with threads of its own reads ahead.

use std::{sync::Arc, vec};

use event_listener::EventListener;
use futures_lite::stream;

use crate::{
    BoxFuture, BoxStream, Delivery, Error, Position, Query, RecordedEvent, Result, StreamName,
    Subscribe, SubscribeSource, SubscribeStart, Version,
};

/// A store that can be followed.
pub trait Follow: Send + Sync + 'static {
    /// Woken after the head moves and when the store closes. Made before looking, so that no
    /// change in between is missed.
    fn listen(&self) -> EventListener;

    /// The newest position that is known here: no event that is appended here later stands at it
    /// or before.
    ///
    /// # Errors
    /// `Closed`.
    fn newest(&self) -> Result<Option<Position>>;

    /// The newest version of a stream at the moment of asking, `None` when it has no events.
    ///
    /// # Errors
    /// `StreamDeleted` for a tombstoned stream; what looking it up met.
    fn newest_of(&self, stream: &StreamName) -> BoxFuture<'static, Result<Option<Version>>>;

    /// The next events of the store from `from` on, included. Asking begins the work, where the
    /// source has somewhere to do it.
    ///
    /// # Errors
    /// What reading met.
    fn page(&self, query: &Query, from: Position) -> BoxFuture<'static, Result<Page<Position>>>;

    /// The next readable events of a stream from `from` on, included. Of a tombstoned stream the
    /// last page is marked closed.
    ///
    /// # Errors
    /// What reading met.
    fn page_of(
        &self,
        stream: &StreamName,
        from: Version,
    ) -> BoxFuture<'static, Result<Page<Version>>>;
}

/// A stretch of a followed source.
#[derive(Debug, Clone)]
pub struct Page<P> {
    /// The events, oldest first.
    pub events: Vec<RecordedEvent>,
    /// Where the next page begins.
    pub next: P,
    /// The newest position of the store when the page was read.
    pub head: Option<Position>,
    /// Whether this page reached the head.
    pub is_last: bool,
    /// Whether nothing can ever come after it.
    pub is_closed: bool,
}

/// Follows a source as the subscription asks.
pub fn follow<F: Follow>(
    source: Arc<F>,
    subscribe: Subscribe,
) -> BoxStream<'static, Result<Delivery>> {
    let every = subscribe.checkpoint_every.map(std::num::NonZeroU64::get);
    // Asked now, so that what is appended from now on comes after the start.
    let begin = Cursor::begin(source.as_ref(), subscribe.source, every);
    Box::pin(stream::unfold(Some(Stage::Beginning(source, begin)), |stage| async move {
        let mut follower = match stage? {
            Stage::Following(follower) => follower,
            Stage::Beginning(source, begin) => match begin.await {
                Ok(cursor) => Box::new(Follower::new(source, cursor)),
                Err(error) => return Some((Err(error), None)),
            },
        };
        match follower.next().await {
            Ok(delivery) => Some((Ok(delivery), Some(Stage::Following(follower)))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

/// Where a subscription stands.
enum Stage<F> {
    /// Its start is being looked up.
    Beginning(Arc<F>, BoxFuture<'static, Result<Cursor>>),
    /// Boxed, because it moves with every delivery.
    Following(Box<Follower<F>>),
}

enum Cursor {
    All { query: Query, next: Position, every: Option<u64>, marked: Position },
    Stream { stream: StreamName, next: Version },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    CatchingUp,
    Live,
    Ended,
}

struct Follower<F> {
    source: Arc<F>,
    cursor: Cursor,
    ready: vec::IntoIter<Delivery>,
    phase: Phase,
    listener: Option<EventListener>,
    ahead: Option<Look>,
}

/// A page that was asked for.
struct Look {
    /// Made before, so that what changes afterwards wakes it.
    listener: EventListener,
    page: Asked,
}

/// A page of either source.
enum Asked {
    All(BoxFuture<'static, Result<Page<Position>>>),
    Stream(BoxFuture<'static, Result<Page<Version>>>),
}

/// What a page means for the subscription, whichever source it came from.
struct Step {
    deliveries: Vec<Delivery>,
    head: Option<Position>,
    is_last: bool,
    is_closed: bool,
}

impl Cursor {
    /// Looks the start up; asks for what it needs at once.
    fn begin<F: Follow>(
        source: &F,
        from: SubscribeSource,
        every: Option<u64>,
    ) -> BoxFuture<'static, Result<Self>> {
        match from {
            SubscribeSource::All { query, start } => {
                let next = match start {
                    SubscribeStart::Beginning => Ok(Position::FIRST),
                    SubscribeStart::After(position) => Ok(position.next()),
                    SubscribeStart::End => {
                        source.newest().map(|newest| newest.map_or(Position::FIRST, Position::next))
                    }
                };
                Box::pin(async move {
                    let next = next?;
                    Ok(Self::All { query, next, every, marked: next })
                })
            }
            SubscribeSource::Stream { stream, start } => {
                // Looked up for every start, because it refuses a tombstoned stream.
                let newest = source.newest_of(&stream);
                Box::pin(async move {
                    let newest = newest.await?;
                    let next = match start {
                        SubscribeStart::Beginning => Version::FIRST,
                        SubscribeStart::After(version) => version.next(),
                        SubscribeStart::End => newest.map_or(Version::FIRST, Version::next),
                    };
                    Ok(Self::Stream { stream, next })
                })
            }
        }
    }

    fn ask<F: Follow>(&self, source: &F) -> Asked {
        match self {
            Self::All { query, next, .. } => Asked::All(source.page(query, *next)),
            Self::Stream { stream, next } => Asked::Stream(source.page_of(stream, *next)),
        }
    }

    async fn advance(&mut self, asked: Asked) -> Result<Step> {
        match (self, asked) {
            (Self::All { next, every, marked, .. }, Asked::All(page)) => {
                let page = page.await?;
                *next = std::cmp::max(*next, page.next);
                let mut deliveries: Vec<_> = page.events.into_iter().map(Delivery::Event).collect();
                let looked_at = next.get().saturating_sub(marked.get());
                if every.is_some_and(|every| looked_at >= every) {
                    *marked = *next;
                    deliveries.push(Delivery::Checkpoint(Position::new(next.get() - 1)));
                }
                Ok(Step {
                    deliveries,
                    head: page.head,
                    is_last: page.is_last,
                    is_closed: page.is_closed,
                })
            }
            (Self::Stream { next, .. }, Asked::Stream(page)) => {
                let page = page.await?;
                *next = std::cmp::max(*next, page.next);
                let deliveries = page.events.into_iter().map(Delivery::Event).collect();
                Ok(Step {
                    deliveries,
                    head: page.head,
                    is_last: page.is_last,
                    is_closed: page.is_closed,
                })
            }
            _ => Err(Error::new(
                crate::ErrorKind::Internal,
                "a subscription was given a page of another source",
            )),
        }
    }

    fn ended(&self) -> Error {
        match self {
            Self::Stream { stream, .. } => Error::stream_deleted(stream),
            Self::All { .. } => Error::new(crate::ErrorKind::Closed, "the store is closed"),
        }
    }
}

impl<F: Follow> Follower<F> {
    fn new(source: Arc<F>, cursor: Cursor) -> Self {
        Self {
            source,
            cursor,
            ready: Vec::new().into_iter(),
            phase: Phase::CatchingUp,
            listener: None,
            ahead: None,
        }
    }

    async fn next(&mut self) -> Result<Delivery> {
        loop {
            if let Some(delivery) = self.ready.next() {
                return Ok(delivery);
            }
            if self.phase == Phase::Ended {
                return Err(self.cursor.ended());
            }
            if let Some(listener) = self.listener.take() {
                listener.await;
            }
            let look = self.ahead.take().unwrap_or_else(|| self.look());
            let step = self.cursor.advance(look.page).await?;
            if !step.is_last {
                self.ahead = Some(self.look());
            }
            self.take(step, look.listener);
        }
    }

    /// Asks for the next page. Listening comes first: what changes after the look wakes the
    /// listener.
    fn look(&self) -> Look {
        let listener = self.source.listen();
        Look { listener, page: self.cursor.ask(self.source.as_ref()) }
    }

    fn take(&mut self, step: Step, listener: EventListener) {
        let Step { mut deliveries, head: position, .. } = step;
        match (self.phase, step.is_last) {
            (Phase::CatchingUp, true) => {
                deliveries.push(Delivery::CaughtUp { position });
                self.phase = Phase::Live;
            }
            (Phase::Live, false) => {
                deliveries.insert(0, Delivery::FellBehind { position });
                self.phase = Phase::CatchingUp;
            }
            _ => {}
        }
        if step.is_closed {
            self.phase = Phase::Ended;
        } else if step.is_last {
            self.listener = Some(listener);
        }
        self.ready = deliveries.into_iter();
    }
}
