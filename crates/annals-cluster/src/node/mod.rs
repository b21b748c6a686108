//! A node: its engine, the thread that applies the log to it, and what goes on beside.

mod adopt;
mod applier;
mod assembly;
mod claims;
mod counts;
mod ends;
mod identity;
mod peers;
mod pending;
mod proposer;
mod recent;
mod start;
mod status;
mod tasks;

use std::{
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use annals_core::{
    BoxFuture, Clock, Error, ErrorKind, Freshness, LogWork, Position, Result, SystemClock,
};
use annals_engine::{Command, Embedded, Outcome};
use async_io::Timer;
use futures_lite::future::or;
use parking_lot::Mutex;
use tokio::task::JoinHandle as Task;

pub use identity::{Identity, store_dir};
pub use peers::Notice;
pub(crate) use recent::WINDOW;
pub use start::{Progress, Settings};

use self::{
    applier::Delivery,
    counts::Counts,
    peers::Peers,
    pending::Pending,
    proposer::{Request, timed_out},
    status::Status,
};
use crate::{log::OrderedLog, threads::Threads};

/// A node of a cluster.
#[derive(Debug)]
pub(crate) struct Node {
    engine: Embedded,
    log: Arc<dyn OrderedLog>,
    identity: Identity,
    status: Arc<Status>,
    pending: Arc<Pending>,
    counts: Arc<Counts>,
    peers: Arc<Peers>,
    address: Arc<Mutex<Option<String>>>,
    requests: async_channel::Sender<Request>,
    asking_end: async_channel::Sender<ends::Asking>,
    asking_mark: async_channel::Sender<ends::Asking>,
    deliveries: async_channel::Receiver<Delivery>,
    timeout: Duration,
    running: Mutex<Option<Running>>,
}

/// What runs until the node is closed.
#[derive(Debug)]
struct Running {
    proposer: Task<()>,
    others: Vec<Task<()>>,
    applier: JoinHandle<()>,
    /// Where the tasks run.
    threads: Threads,
}

impl Node {
    /// The store, for reading.
    pub(crate) const fn engine(&self) -> &Embedded {
        &self.engine
    }

    pub(crate) const fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What it has done with the log.
    pub(crate) fn log_work(&self) -> LogWork {
        let since = match self.status.behind() {
            0 => 0,
            _ => SystemClock.now().as_micros() - self.status.applied_time().as_micros(),
        };
        LogWork {
            behind_micros: u64::try_from(since).unwrap_or(0),
            publish_nanos: self.counts.publish_nanos.spread(),
            republished: self.counts.republished.load(Ordering::Relaxed),
        }
    }

    /// How many commands wait to be published, or to be applied.
    pub(crate) fn waiting(&self) -> u64 {
        (self.requests.len() + self.pending.len()) as u64
    }

    /// Has a command put into the log, and gives what became of it when this node has applied it.
    ///
    /// # Errors
    /// The command's refusal; `Timeout` when it is not known, `Unavailable` when it did not get
    /// into the log, `Poisoned`, `Closed`.
    pub(crate) async fn propose(&self, command: Command) -> Result<Outcome> {
        self.status.check()?;
        let (reply, answer) = oneshot::channel();
        let done = async {
            let request = Request { command, reply };
            self.requests.send(request).await.map_err(|_| self.gone())?;
            answer.await.map_err(|_| self.gone())?
        };
        self.in_time(done, timed_out).await
    }

    /// Waits until readers of this node see what is asked for.
    ///
    /// # Errors
    /// `Unavailable` when the log does not say where it ends, `Timeout`, `Poisoned`, `Closed`.
    pub(crate) async fn catch_up(&self, to: Freshness) -> Result<Option<Position>> {
        let reached = async {
            match to {
                Freshness::Leader => self.until_applied(&self.asking_end).await,
                Freshness::Latest => self.until_applied(&self.asking_mark).await,
                Freshness::Position(position) => {
                    let engine = self.engine.engine();
                    let is_there = || engine.head().is_ok_and(|head| head >= Some(position));
                    self.status.until(|_| is_there()).await
                }
            }
        };
        self.in_time(reached, behind).await?;
        self.engine.engine().head()
    }

    /// Waits until this node has applied the log up to the place that is asked for.
    async fn until_applied(&self, asking: &async_channel::Sender<ends::Asking>) -> Result<()> {
        self.status.check()?;
        let (ask, answer) = oneshot::channel();
        asking.send(ask).await.map_err(|_| self.gone())?;
        let answered = async { answer.await.map_err(|_| self.gone())? };
        // What is asked while the node is being closed may be left where it was put.
        let ended = async { self.status.until(|_| false).await.map(|()| 0) };
        let last = or(answered, ended).await?;
        self.status.log_ends_at(last);
        self.status.until(|status| status.applied() >= last).await
    }

    async fn in_time<T>(
        &self,
        done: impl Future<Output = Result<T>>,
        late: fn(Duration) -> Error,
    ) -> Result<T> {
        let timeout = self.timeout;
        let too_late = async {
            Timer::after(timeout).await;
            Err(late(timeout))
        };
        or(done, too_late).await
    }

    /// Why nothing more is taken.
    fn gone(&self) -> Error {
        self.status
            .check()
            .err()
            .unwrap_or_else(|| Error::new(ErrorKind::Closed, "the node is being closed"))
    }

    /// The nodes of the cluster.
    pub(crate) fn nodes(&self) -> Vec<annals_core::Node> {
        self.peers.nodes(&tasks::notice(self))
    }

    /// Says where clients reach this node.
    pub(crate) fn advertise(&self, address: &str) {
        *self.address.lock() = Some(address.to_owned());
    }

    /// Finishes what is on its way, as far as the log answers in time, and ends.
    ///
    /// # Errors
    /// What closing the engine meets.
    pub(crate) fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let Some(mut running) = self.running.lock().take() else { return Ok(()) };
            self.requests.close();
            let finished = async {
                drop((&mut running.proposer).await);
                // What is published is still to be applied and answered.
                let all = |_: &Status| self.pending.len() == 0;
                self.status.until(all).await
            };
            // Who waits in vain is told so when the applier ends.
            drop(self.in_time(finished, behind).await);
            let (log, leaving) = (Arc::clone(&self.log), tasks::leaving(self));
            let told = running.threads.handle().spawn(async move { log.tell(leaving).await });
            // Who is not told finds out by not hearing of it.
            drop(told.await);
            let engine = self.engine.clone();
            let ended = self.end(running);
            blocking::unblock(move || {
                drop(ended.join());
                engine.engine().close()
            })
            .await
        })
    }

    /// Stops everything but the applier, which stops by itself then.
    fn end(&self, running: Running) -> JoinHandle<()> {
        self.status.close();
        self.requests.close();
        self.deliveries.close();
        running.proposer.abort();
        for task in running.others {
            task.abort();
        }
        drop(running.threads);
        running.applier
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(running) = self.running.lock().take() {
            drop(self.end(running).join());
        }
    }
}

fn behind(waited: Duration) -> Error {
    let message = format!(
        "this node did not come so far within {} s; see whether it reaches the log, and how far \
         behind it is",
        waited.as_secs()
    );
    Error::new(ErrorKind::Timeout, message)
}
