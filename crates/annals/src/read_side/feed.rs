//! The log as a runner takes it: in stretches of whatever is there.

use std::num::NonZeroU64;

use annals_core::{
    Backend, BoxStream, Delivery, Error, ErrorKind, Position, Query, RecordedEvent, Result,
    Subscribe, SubscribeStart,
};
use futures_lite::{StreamExt, future};

use crate::service::Stop;

/// How many events without a match are worth remembering the place.
const MARK_EVERY: NonZeroU64 = NonZeroU64::new(1_000).unwrap();
/// The most event data to hold at once, unless a single event has more.
const STRETCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Follows the log from a place on.
pub(super) struct Feed {
    deliveries: BoxStream<'static, Result<Delivery>>,
    /// Whether more is there for sure, because the end of what was written has not been seen.
    is_catching_up: bool,
}

/// Some events that follow one another.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    /// Those that match.
    pub(super) records: Vec<RecordedEvent>,
    /// Everything up to here is in it or does not match.
    pub(super) to: Option<Position>,
    /// Whether everything that had been written is in it or came before.
    pub(super) is_caught_up: bool,
    bytes: usize,
}

impl Feed {
    pub(super) fn after(backend: &dyn Backend, query: Query, place: Option<Position>) -> Self {
        let start = place.map_or(SubscribeStart::Beginning, SubscribeStart::After);
        let subscribe = Subscribe::all(query, start).checkpoint_every(MARK_EVERY);
        Self { deliveries: backend.subscribe(subscribe), is_catching_up: true }
    }

    /// Whether more is there for sure.
    pub(super) const fn has_more(&self) -> bool {
        self.is_catching_up
    }

    /// The next events, at most `max`; `None` when it is time to stop. It waits for the first, and
    /// for more only while they are there to be read.
    pub(super) async fn next(&mut self, max: usize, stop: &Stop) -> Result<Option<Stretch>> {
        let mut stretch = Stretch::default();
        loop {
            let is_empty = stretch.records.is_empty() && stretch.to.is_none();
            // Asking what is there costs less than preparing to wait for it.
            let delivery = match future::poll_once(self.deliveries.next()).await {
                Some(delivery) => delivery,
                None if self.is_catching_up || is_empty => match self.wait(stop).await {
                    Some(delivery) => delivery,
                    None => return Ok(None),
                },
                None => return Ok(Some(stretch)),
            };
            let ended = || Err(Error::new(ErrorKind::Closed, "the subscription has ended"));
            let is_full = match delivery.unwrap_or_else(ended)? {
                Delivery::FellBehind { .. } => {
                    self.is_catching_up = true;
                    false
                }
                Delivery::CaughtUp { position } => {
                    self.is_catching_up = false;
                    stretch.is_caught_up = true;
                    stretch.to = stretch.to.max(position);
                    true
                }
                Delivery::Checkpoint(position) => {
                    stretch.to = stretch.to.max(Some(position));
                    stretch.records.is_empty()
                }
                Delivery::Event(record) => stretch.take(record, max),
            };
            if is_full {
                return Ok(Some(stretch));
            }
        }
    }

    /// The next delivery, or `None` when it is time to stop.
    async fn wait(&mut self, stop: &Stop) -> Option<Option<Result<Delivery>>> {
        let stopped = async {
            stop.wait().await;
            None
        };
        future::or(stopped, async { Some(self.deliveries.next().await) }).await
    }
}

impl Stretch {
    /// Says whether it is full now.
    fn take(&mut self, record: RecordedEvent, max: usize) -> bool {
        self.to = Some(record.position);
        self.bytes += record.data.len();
        self.records.push(record);
        self.records.len() >= max || self.bytes >= STRETCH_BYTES_MAX
    }
}
