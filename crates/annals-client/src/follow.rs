//! Subscriptions, which go on over lost connections: each begins anew behind what it gave last.

use std::{sync::Arc, time::Duration, vec};

use annals_core::{
    BoxFuture, BoxStream, Delivery, Error, ErrorKind, Position, Result, Retry, StreamName,
    Subscribe, SubscribeSource, SubscribeStart, Version,
};
use futures_lite::stream;
use tokio::{task::JoinHandle, time::Instant};
use tonic::Streaming;

use crate::{Failed, Shared, place};

/// Where a subscription gets its messages from.
pub trait Feed: Send + Sync + 'static {
    /// The client of the protocol.
    type Client: Clone + Send + Sync + 'static;
    /// What comes in a subscription.
    type Message: Send + 'static;

    /// The handle that is subscribed through.
    fn shared(&self) -> &Arc<Shared<Self::Client>>;

    /// Begins a subscription. It never begins at the end: that is made a place before.
    fn open<'a>(
        &'a self,
        subscribe: &'a Subscribe,
    ) -> BoxFuture<'a, Result<Streaming<Self::Message>, Failed>>;

    /// What a message gives; nothing where it says nothing. A mark for a stretch is left out by the
    /// caller where none was asked for.
    fn deliveries<'a>(
        &'a self,
        subscribe: &'a Subscribe,
        message: Self::Message,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, Failed>>;

    /// The newest position of the store.
    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, Failed>>;

    /// The newest version of a stream.
    fn last_of<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<Version>, Failed>>;
}

/// The pause after the first failed attempt; it doubles up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How often a subscription that cannot go on says so.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// Follows as the subscription asks. Where it begins at the end, the end is asked for at once.
pub fn follow<F: Feed>(feed: F, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
    let feed = Arc::new(feed);
    let shared = Arc::clone(feed.shared());
    let follower = Box::new(Follower {
        end: ask_for_end(&feed, &subscribe.source),
        feed,
        subscribe,
        messages: None,
        ready: Vec::new().into_iter(),
        phase: Phase::CatchingUp,
        seen: None,
        opened: None,
        pause: PAUSE_FIRST,
        warned: None,
    });
    shared.stream_here(stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        Some(match follower.next().await {
            Ok(delivery) => (Ok(delivery), Some(follower)),
            Err(error) => (Err(error), None),
        })
    }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    CatchingUp,
    Live,
    /// It was live and lost its connection, when the store was at this position at last.
    Resumed {
        head: Option<Position>,
    },
}

struct Follower<F: Feed> {
    feed: Arc<F>,
    /// The first question for the end, where it begins there.
    end: Option<JoinHandle<Result<SubscribeSource, Failed>>>,
    /// What is left to follow.
    subscribe: Subscribe,
    messages: Option<Streaming<F::Message>>,
    ready: vec::IntoIter<Delivery>,
    phase: Phase,
    /// The newest position that the server told of.
    seen: Option<Position>,
    opened: Option<Instant>,
    pause: Duration,
    warned: Option<Instant>,
}

impl<F: Feed> Follower<F> {
    async fn next(&mut self) -> Result<Delivery> {
        loop {
            if let Some(delivery) = self.ready.next() {
                return Ok(delivery);
            }
            let shared = Arc::clone(self.feed.shared());
            match shared.unless_closed(self.more()).await? {
                Ok(deliveries) => self.ready = deliveries.into_iter(),
                Err(setback) => self.wait(setback).await?,
            }
        }
    }

    /// The next deliveries; inside, what may pass by waiting.
    async fn more(&mut self) -> Result<Result<Vec<Delivery>, Error>> {
        match self.given().await {
            Ok(deliveries) => Ok(Ok(self.take(deliveries))),
            Err(Failed::Answered(error)) if error.retry() != Retry::Later => Err(error),
            Err(setback) => Ok(Err(setback.of_question())),
        }
    }

    async fn given(&mut self) -> Result<Vec<Delivery>, Failed> {
        let Some(message) = self.message().await? else {
            let why = "the server ended a subscription without a reason";
            return Err(Failed::Lost(Error::new(ErrorKind::Unavailable, why)));
        };
        self.feed.deliveries(&self.subscribe, message).await
    }

    async fn message(&mut self) -> Result<Option<F::Message>, Failed> {
        let mut messages = match self.messages.take() {
            Some(messages) => messages,
            None => self.open().await?,
        };
        let message = messages.message().await;
        let message = message.map_err(|status| (self.feed.shared().failed)(&status))?;
        self.messages = Some(messages);
        Ok(message)
    }

    async fn open(&mut self) -> Result<Streaming<F::Message>, Failed> {
        self.find_end().await?;
        if self.seen.is_some() {
            let head = self.feed.head().await?;
            place::check_same(head, self.seen).map_err(Failed::Answered)?;
            if self.phase != Phase::CatchingUp {
                self.phase = Phase::Resumed { head };
            }
        }
        let messages = self.feed.open(&self.subscribe).await?;
        self.opened = Some(Instant::now());
        Ok(messages)
    }

    /// Makes a start at the end a place that stays the same.
    async fn find_end(&mut self) -> Result<(), Failed> {
        let found = match self.end.take().map(async |asked| asked.await) {
            Some(asked) => asked.await.unwrap_or_else(|error| {
                let why = "the end of the store was not found";
                let error = Error::new(ErrorKind::Unavailable, why).caused_by(error);
                Err(Failed::Lost(error))
            }),
            None => end_of(self.feed.as_ref(), self.subscribe.source.clone()).await,
        };
        self.subscribe.source = found?;
        Ok(())
    }

    fn take(&mut self, mut deliveries: Vec<Delivery>) -> Vec<Delivery> {
        for delivery in &deliveries {
            place::advance(&mut self.subscribe.source, delivery);
            self.seen = std::cmp::max(self.seen, place::told(delivery));
        }
        let first = deliveries.first();
        let is_mark = matches!(first, Some(Delivery::CaughtUp { .. }));
        let has_events = matches!(first, Some(Delivery::Event(_)));
        match self.phase {
            // It had caught up before, and missed nothing.
            Phase::Resumed { .. } if is_mark => {
                deliveries.remove(0);
                self.phase = Phase::Live;
            }
            Phase::Resumed { head } if has_events => {
                deliveries.insert(0, Delivery::FellBehind { position: head });
                self.phase = Phase::CatchingUp;
            }
            Phase::CatchingUp if is_mark => self.phase = Phase::Live,
            // Some servers catch up again without having said that they fell behind.
            Phase::Live if is_mark => drop(deliveries.remove(0)),
            Phase::Live if matches!(first, Some(Delivery::FellBehind { .. })) => {
                self.phase = Phase::CatchingUp;
            }
            _ => {}
        }
        if self.subscribe.checkpoint_every.is_none() {
            deliveries.retain(|delivery| !matches!(delivery, Delivery::Checkpoint(_)));
        }
        deliveries
    }

    /// Waits before the next attempt.
    async fn wait(&mut self, setback: Error) -> Result<()> {
        self.messages = None;
        // What had held for a while is tried again soon.
        if self.opened.take().is_some_and(|opened| opened.elapsed() > PAUSE_MAX) {
            self.pause = PAUSE_FIRST;
        }
        if self.warned.is_none_or(|warned| warned.elapsed() >= WARN_EVERY) {
            self.warned = Some(Instant::now());
            tracing::warn!(error = %setback, "a subscription is interrupted; it tries until it goes on");
        }
        self.feed.shared().pause(self.pause).await?;
        self.pause = std::cmp::min(self.pause * 2, PAUSE_MAX);
        Ok(())
    }
}

/// Asks for the end beside the caller, where a subscription begins there.
fn ask_for_end<F: Feed>(
    feed: &Arc<F>,
    source: &SubscribeSource,
) -> Option<JoinHandle<Result<SubscribeSource, Failed>>> {
    let is_end = match source {
        SubscribeSource::Stream { start, .. } => *start == SubscribeStart::End,
        SubscribeSource::All { start, .. } => *start == SubscribeStart::End,
    };
    let shared = feed.shared();
    if !is_end || shared.check_open().is_err() {
        return None;
    }
    let question = shared.starting.begin();
    let runtime = shared.threads().handle().clone();
    let (feed, source) = (Arc::clone(feed), source.clone());
    Some(runtime.spawn(async move {
        let found = end_of(feed.as_ref(), source).await;
        drop(question);
        found
    }))
}

/// The same source, with the end as it is now.
async fn end_of<F: Feed>(feed: &F, source: SubscribeSource) -> Result<SubscribeSource, Failed> {
    Ok(match source {
        SubscribeSource::Stream { stream, start: SubscribeStart::End } => {
            let last = feed.last_of(&stream).await?;
            let start = last.map_or(SubscribeStart::Beginning, SubscribeStart::After);
            SubscribeSource::Stream { stream, start }
        }
        SubscribeSource::All { query, start: SubscribeStart::End } => {
            let head = feed.head().await?;
            let start = head.map_or(SubscribeStart::Beginning, SubscribeStart::After);
            SubscribeSource::All { query, start }
        }
        known => known,
    })
}
