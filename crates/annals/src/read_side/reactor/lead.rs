//! The thread that leads: it holds the lease, and starts and stops those of the partitions.

use std::{sync::Arc, thread::JoinHandle};

use annals_core::{Capabilities, Error, ErrorKind, Result};
use futures_lite::future;

use super::{Reactor, begin::begin, entry::Entry, partition::Partition};
use crate::{
    Annals, lease,
    read_side::{board::Phase, names, run::Mode},
    service::{Service, Stop, spawn},
};

/// Runs a reactor.
pub(super) struct Runner<R: Reactor> {
    entry: Arc<Entry<R>>,
    name: String,
}

impl<R: Reactor> Runner<R> {
    pub(super) fn new(entry: Arc<Entry<R>>) -> Self {
        Self { entry, name: format!("reactor {}", R::NAME) }
    }
}

impl<R: Reactor> Service for Runner<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, _: Capabilities) -> Result<()> {
        names::check("the reactor", R::NAME)?;
        self.entry.run.check(R::NAME)?;
        if self.entry.run.mode == Mode::Background {
            return Ok(());
        }
        let message = format!(
            "reactor `{}`: its effects are outside of the store, so they come after the commit; \
             use `Run::background()`",
            R::NAME
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    fn run(self: Box<Self>, app: Annals, stop: Stop) {
        future::block_on(self.serve(&app, &stop));
        self.entry.board.enter(Phase::Stopped);
    }
}

impl<R: Reactor> Runner<R> {
    async fn serve(&self, app: &Annals, stop: &Stop) {
        let board = &self.entry.board;
        let mut setbacks = 0;
        while !stop.is_set() {
            board.enter(Phase::Standby);
            let Err(error) = self.lead(app, stop).await else { return };
            board.failed(&error);
            setbacks += 1;
            let passing = [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::ConditionFailed];
            if passing.contains(&error.kind()) {
                stop.wait_timeout(self.entry.run.wait_before(setbacks));
                continue;
            }
            tracing::error!(reactor = R::NAME, %error, "the reactor cannot be run");
            let resumed = board.change(|notes| {
                notes.phase = Phase::Refused;
                notes.resumed
            });
            future::or(stop.wait(), board.wait(|notes| notes.resumed != resumed)).await;
            setbacks = 0;
        }
    }

    /// Leads until it is told to stop, or must not any longer.
    async fn lead(&self, app: &Annals, stop: &Stop) -> Result<()> {
        let name = format!("reactor:{}", R::NAME);
        // Taking a lease blocks, and this is a thread of its own.
        let Some(held) = lease::acquire(&app.store, &name, lease::TTL, stop)? else {
            return Ok(());
        };
        let held = Arc::new(held);
        let begun = begin::<R>(&app.store, &self.entry.run).await?;
        let board = &self.entry.board;
        board.change(|notes| notes.lost = None);
        // Before there is a thread that could pause.
        board.enter(Phase::Running);
        let crew = Stop::default();
        let mut threads = Vec::new();
        let mut started = Ok(());
        for index in 0..self.entry.run.partitions {
            let entry = Arc::clone(&self.entry);
            let (held, stop) = (Arc::clone(&held), crew.clone());
            let partition = Partition::new(app.clone(), entry, index, held, stop, begun);
            let name = format!("{}/{index}", R::NAME);
            match spawn(&name, move || partition.run()) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    let message = format!("no thread for reactor `{name}`");
                    started = Err(Error::new(ErrorKind::Unavailable, message).caused_by(error));
                }
            }
        }
        if started.is_ok() {
            future::or(stop.wait(), board.wait(|notes| notes.lost.is_some())).await;
        }
        crew.set();
        join(threads);
        self.entry.places.lock().clear();
        started?;
        board.change(|notes| notes.lost.take()).filter(|_| !stop.is_set()).map_or(Ok(()), Err)
    }
}

/// Waits until each has finished the reaction under way. Blocks, on a thread of its own.
fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a partition of a reactor panicked");
        }
    }
}
