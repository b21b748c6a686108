//! Subscriptions, which go on over lost connections: each begins anew behind what it gave last.

use std::{sync::Arc, time::Duration, vec};

use annals_core::{
    BoxStream, Delivery, Error, Position, Result, Retry, Subscribe, SubscribeSource,
    SubscribeStart, Version,
};
use annals_proto::annals::{GetHeadRequest, GetStreamInfoRequest, SubscribeResponse};
use futures_lite::stream;
use tokio::{task::JoinHandle, time::Instant};
use tonic::Streaming;

use crate::{
    failure::{Failed, failed},
    place,
    shared::Shared,
    wire::read as convert,
};

/// The pause after the first failed attempt; it doubles up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How often a subscription that cannot go on says so.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// Follows as the subscription asks. Where it begins at the end, the end is asked for at once.
pub(crate) fn follow(
    shared: &Arc<Shared>,
    subscribe: Subscribe,
) -> BoxStream<'static, Result<Delivery>> {
    let follower = Box::new(Follower {
        shared: Arc::clone(shared),
        end: ask_for_end(shared, &subscribe.source),
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

struct Follower {
    shared: Arc<Shared>,
    /// The first question for the end, where it begins there.
    end: Option<JoinHandle<Result<SubscribeSource, Failed>>>,
    /// What is left to follow.
    subscribe: Subscribe,
    messages: Option<Streaming<SubscribeResponse>>,
    ready: vec::IntoIter<Delivery>,
    phase: Phase,
    /// The newest position that the server told of.
    seen: Option<Position>,
    opened: Option<Instant>,
    pause: Duration,
    warned: Option<Instant>,
}

impl Follower {
    async fn next(&mut self) -> Result<Delivery> {
        loop {
            if let Some(delivery) = self.ready.next() {
                return Ok(delivery);
            }
            let shared = Arc::clone(&self.shared);
            match shared.unless_closed(self.more()).await? {
                Ok(deliveries) => self.ready = deliveries.into_iter(),
                Err(setback) => self.wait(setback).await?,
            }
        }
    }

    /// The next deliveries; inside, what may pass by waiting.
    async fn more(&mut self) -> Result<Result<Vec<Delivery>, Error>> {
        let message = match self.message().await {
            Ok(Some(message)) => message,
            Ok(None) => {
                return Ok(Err(Error::new(
                    annals_core::ErrorKind::Unavailable,
                    "the server ended a subscription without a reason",
                )));
            }
            Err(Failed::Answered(error)) if error.retry() != Retry::Later => return Err(error),
            Err(setback) => return Ok(Err(setback.of_question())),
        };
        Ok(Ok(self.take(convert::deliveries(message)?)))
    }

    async fn message(&mut self) -> Result<Option<SubscribeResponse>, Failed> {
        let mut messages = match self.messages.take() {
            Some(messages) => messages,
            None => self.open().await?,
        };
        let message = messages.message().await.map_err(|status| failed(&status))?;
        self.messages = Some(messages);
        Ok(message)
    }

    async fn open(&mut self) -> Result<Streaming<SubscribeResponse>, Failed> {
        self.find_end().await?;
        if self.seen.is_some() {
            let head = head(&self.shared).await?;
            place::check_same(head, self.seen).map_err(Failed::Answered)?;
            if self.phase != Phase::CatchingUp {
                self.phase = Phase::Resumed { head };
            }
        }
        let mut client = self.shared.streams.clone();
        let call = client.subscribe(convert::subscribe(&self.subscribe));
        let messages = self.shared.attempt(call).await?;
        self.opened = Some(Instant::now());
        Ok(messages)
    }

    /// Makes a start at the end a place that stays the same.
    async fn find_end(&mut self) -> Result<(), Failed> {
        let found = match self.end.take().map(async |asked| asked.await) {
            Some(asked) => asked.await.unwrap_or_else(|error| {
                let why = "the end of the store was not found";
                let error = Error::new(annals_core::ErrorKind::Unavailable, why).caused_by(error);
                Err(Failed::Lost(error))
            }),
            None => end_of(&self.shared, self.subscribe.source.clone()).await,
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
            Phase::Live if matches!(first, Some(Delivery::FellBehind { .. })) => {
                self.phase = Phase::CatchingUp;
            }
            _ => {}
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
        self.shared.pause(self.pause).await?;
        self.pause = std::cmp::min(self.pause * 2, PAUSE_MAX);
        Ok(())
    }
}

/// Asks for the end beside the caller, where a subscription begins there.
fn ask_for_end(
    shared: &Arc<Shared>,
    source: &SubscribeSource,
) -> Option<JoinHandle<Result<SubscribeSource, Failed>>> {
    let is_end = match source {
        SubscribeSource::Stream { start, .. } => *start == SubscribeStart::End,
        SubscribeSource::All { start, .. } => *start == SubscribeStart::End,
    };
    if !is_end || shared.check_open().is_err() {
        return None;
    }
    let question = shared.starting.begin();
    let (shared, source) = (Arc::clone(shared), source.clone());
    let runtime = shared.threads.handle().clone();
    Some(runtime.spawn(async move {
        let found = end_of(&shared, source).await;
        drop(question);
        found
    }))
}

/// The same source, with the end as it is now.
async fn end_of(shared: &Shared, source: SubscribeSource) -> Result<SubscribeSource, Failed> {
    Ok(match source {
        SubscribeSource::Stream { stream, start: SubscribeStart::End } => {
            let mut client = shared.calls.clone();
            let request = GetStreamInfoRequest { stream: stream.to_string() };
            let info = shared.attempt(client.get_stream_info(request)).await?;
            let start = info.last_version.map_or(SubscribeStart::Beginning, |last| {
                SubscribeStart::After(Version::new(last))
            });
            SubscribeSource::Stream { stream, start }
        }
        SubscribeSource::All { query, start: SubscribeStart::End } => {
            let head = head(shared).await?;
            let start = head.map_or(SubscribeStart::Beginning, SubscribeStart::After);
            SubscribeSource::All { query, start }
        }
        known => known,
    })
}

async fn head(shared: &Shared) -> Result<Option<Position>, Failed> {
    let mut client = shared.calls.clone();
    let head = shared.attempt(client.get_head(GetHeadRequest {})).await?;
    Ok(head.position.map(Position::new))
}
