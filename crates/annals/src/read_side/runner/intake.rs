//! What a partition takes in: the next stretch of the log, read and decoded.
//!
//! While there is more for sure, the next stretches are prepared on a pool of threads as the one
//! before is applied; both take about as long. Once everything has been seen, nothing waits on the
//! pool.

use std::{mem, sync::Arc};

use annals_core::{Error, ErrorKind, Position, Result};
use async_channel::{Receiver, bounded};
use blocking::{Task, unblock};
use futures_lite::future::block_on;

use crate::{
    app::Store,
    read_side::{Projection, feed::Feed, registered::Entry, unit::Unit},
    service::Stop,
};

/// The next stretches of the log for one partition.
pub(super) struct Intake<P: Projection> {
    source: Source<P>,
    state: State<P>,
}

/// Where stretches come from, and what is for this partition.
struct Source<P: Projection> {
    store: Arc<Store>,
    entry: Arc<Entry<P>>,
    index: u32,
    stop: Stop,
}

enum State<P: Projection> {
    Resting(Box<Feed>),
    Ahead(Receiver<Prepared<P>>, Task<Box<Feed>>),
    Failed,
}

/// How many stretches to prepare ahead.
const AHEAD: usize = 2;

/// A stretch, or why there is none; `None` when it is time to stop.
type Prepared<P> = Result<Option<Batch<P>>>;

/// A stretch of the log as this partition sees it.
pub(super) struct Batch<P: Projection> {
    /// The records that matter here.
    pub(super) units: Vec<Unit<P::Event>>,
    /// Everything up to here is in it or does not matter.
    pub(super) to: Option<Position>,
    /// Whether everything that had been written is in it or came before.
    pub(super) is_caught_up: bool,
}

impl<P: Projection> Intake<P> {
    pub(super) fn new(
        store: &Arc<Store>,
        entry: &Arc<Entry<P>>,
        index: u32,
        stop: &Stop,
        feed: Feed,
    ) -> Self {
        let (store, entry, stop) = (Arc::clone(store), Arc::clone(entry), stop.clone());
        let source = Source { store, entry, index, stop };
        Self { source, state: State::Resting(Box::new(feed)) }
    }

    /// The next stretch; `None` when it is time to stop.
    pub(super) async fn next(&mut self) -> Prepared<P> {
        let mut feed = match mem::replace(&mut self.state, State::Failed) {
            State::Ahead(prepared, task) => {
                if let Ok(next) = prepared.recv().await {
                    if next.is_ok() {
                        self.state = State::Ahead(prepared, task);
                    }
                    return next;
                }
                task.await
            }
            State::Resting(feed) => feed,
            State::Failed => {
                let message = "a feed was asked again after it had failed";
                return Err(Error::new(ErrorKind::Internal, message));
            }
        };
        let next = self.source.prepare(&mut feed).await?;
        self.state = if feed.has_more() { self.prepare_ahead(feed) } else { State::Resting(feed) };
        Ok(next)
    }

    /// Goes on until everything has been seen, or nobody takes what is prepared.
    fn prepare_ahead(&self, mut feed: Box<Feed>) -> State<P> {
        let source = self.source.clone();
        let (sender, prepared) = bounded(AHEAD);
        let task = unblock(move || {
            while feed.has_more() {
                let next = block_on(source.prepare(&mut feed));
                let is_last = !matches!(next, Ok(Some(_)));
                if sender.send_blocking(next).is_err() || is_last {
                    break;
                }
            }
            feed
        });
        State::Ahead(prepared, task)
    }
}

impl<P: Projection> Source<P> {
    async fn prepare(&self, feed: &mut Feed) -> Result<Option<Batch<P>>> {
        let run = &self.entry.run;
        let Some(stretch) = feed.next(run.batch as usize, &self.stop).await? else {
            return Ok(None);
        };
        let mut units = Vec::with_capacity(stretch.records.len());
        for record in stretch.records {
            units.extend(Unit::read(&self.store, run, record, self.index).await);
        }
        Ok(Some(Batch { units, to: stretch.to, is_caught_up: stretch.is_caught_up }))
    }
}

impl<P: Projection> Clone for Source<P> {
    fn clone(&self) -> Self {
        let (store, entry) = (Arc::clone(&self.store), Arc::clone(&self.entry));
        Self { store, entry, index: self.index, stop: self.stop.clone() }
    }
}
