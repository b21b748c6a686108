//! A log in memory: what a log must do, without servers; for tests, and to try nodes in one
//! process.

use std::{collections::VecDeque, sync::Arc};

use annals_core::{BoxFuture, BoxStream, Clock, Error, ErrorKind, Result, SystemClock, Timestamp};
use bytes::Bytes;
use event_listener::Event;
use futures_lite::stream;
use parking_lot::Mutex;

use super::{Extent, Logged, OrderedLog, PublishError};

/// A log in memory. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    shared: Arc<Shared>,
    message_bytes_max: usize,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Event,
}

#[derive(Debug, Default)]
struct State {
    messages: Vec<(Timestamp, Bytes)>,
    told: Vec<Bytes>,
    /// How the next publishes fare; the usual way when there is nothing.
    plan: VecDeque<Publishing>,
}

/// How a publish fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publishing {
    /// It is taken and answered.
    Answered,
    /// It is taken, and the answer is lost.
    AnswerLost,
    /// It is lost on its way.
    Lost,
    /// It is taken twice, as when a repeated one meets the first.
    Twice,
    /// The log refuses it.
    Refused,
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::with_message_bytes_max(1024 * 1024)
    }

    /// An empty log that takes messages up to a size in bytes.
    #[must_use]
    pub fn with_message_bytes_max(message_bytes_max: usize) -> Self {
        Self { shared: Arc::default(), message_bytes_max }
    }

    /// A log that has these messages, taken at these times, such as those of another log.
    #[must_use]
    pub fn recorded(messages: impl IntoIterator<Item = (Timestamp, Bytes)>) -> Self {
        let log = Self::new();
        log.shared.state.lock().messages.extend(messages);
        log
    }

    /// Decides how the next publishes fare, one after the other.
    pub fn plan(&self, publishings: impl IntoIterator<Item = Publishing>) {
        self.shared.state.lock().plan.extend(publishings);
    }

    /// Forgets all messages after a sequence, as servers do that had not synced them.
    pub fn roll_back(&self, to: u64) {
        let to = usize::try_from(to).unwrap_or(usize::MAX);
        self.shared.state.lock().messages.truncate(to);
    }

    /// All messages with the times at which they were taken.
    #[must_use]
    pub fn messages(&self) -> Vec<(Timestamp, Bytes)> {
        self.shared.state.lock().messages.clone()
    }

    fn take(&self, message: &Bytes) -> Result<u64, PublishError> {
        let taken = {
            let mut state = self.shared.state.lock();
            let fate = state.plan.pop_front().unwrap_or(Publishing::Answered);
            let times = match fate {
                Publishing::Lost | Publishing::Refused => 0,
                Publishing::Answered | Publishing::AnswerLost => 1,
                Publishing::Twice => 2,
            };
            for _ in 0..times {
                state.messages.push((SystemClock.now(), message.clone()));
            }
            match fate {
                Publishing::Answered | Publishing::Twice => Ok(state.messages.len() as u64),
                Publishing::AnswerLost | Publishing::Lost => Err(PublishError::Unanswered(
                    Error::new(ErrorKind::Timeout, "the log did not answer"),
                )),
                Publishing::Refused => Err(PublishError::Refused(Error::new(
                    ErrorKind::Unavailable,
                    "the log is full",
                ))),
            }
        };
        self.shared.changed.notify(usize::MAX);
        taken
    }
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    /// The message at a sequence, when it comes.
    async fn at(&self, sequence: u64) -> Logged {
        loop {
            let changed = self.changed.listen();
            {
                let state = self.state.lock();
                let index = usize::try_from(sequence - 1).unwrap_or(usize::MAX);
                if let Some((time, message)) = state.messages.get(index) {
                    let behind = (state.messages.len() - index - 1) as u64;
                    return Logged { sequence, time: *time, message: message.clone(), behind };
                }
            }
            changed.await;
        }
    }

    async fn told(&self, index: usize) -> Bytes {
        loop {
            let changed = self.changed.listen();
            if let Some(told) = self.state.lock().told.get(index) {
                return told.clone();
            }
            changed.await;
        }
    }
}

impl OrderedLog for MemoryLog {
    fn message_bytes_max(&self) -> usize {
        self.message_bytes_max
    }

    fn publish(&self, message: Bytes) -> BoxFuture<'_, Result<u64, PublishError>> {
        Box::pin(async move { self.take(&message) })
    }

    fn follow(&self, from: u64) -> BoxStream<'static, Result<Logged>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(stream::unfold((shared, from), |(shared, next)| async move {
            let logged = shared.at(next).await;
            Some((Ok(logged), (shared, next + 1)))
        }))
    }

    fn extent(&self) -> BoxFuture<'_, Result<Extent>> {
        Box::pin(async move {
            let state = self.shared.state.lock();
            let bytes = state.messages.iter().map(|(_, message)| message.len() as u64).sum();
            let last = state.messages.len() as u64;
            Ok(Extent { first: 1, last, bytes, bytes_max: None })
        })
    }

    fn tell(&self, what: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.shared.state.lock().told.push(what);
            self.shared.changed.notify(usize::MAX);
            Ok(())
        })
    }

    fn hear(&self) -> BoxStream<'static, Bytes> {
        let shared = Arc::clone(&self.shared);
        let from = shared.state.lock().told.len();
        Box::pin(stream::unfold((shared, from), |(shared, next)| async move {
            let told = shared.told(next).await;
            Some((told, (shared, next + 1)))
        }))
    }
}
