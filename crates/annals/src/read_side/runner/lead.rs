//! The thread that leads: it holds the lease, and starts and stops those of the partitions.

use std::{sync::Arc, thread::JoinHandle};

use annals_core::{Capabilities, Error, ErrorKind, Result};
use futures_lite::future;

use super::{halt::Halt, partition::Partition};
use crate::{
    Annals,
    lease::{self, Held},
    read_side::{ModelInfo, Projection, board::Phase, registered::Entry},
    service::{Service, Stop, spawn},
};

/// Runs a projection.
pub(in crate::read_side) struct Runner<P: Projection>(pub(in crate::read_side) Arc<Entry<P>>);

/// The threads of one read model.
struct Crew {
    generation: u32,
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
}

/// What the leader does next.
enum Next {
    Stop,
    /// Somebody else is at work.
    Yield(Error),
    /// The models have changed.
    Regroup,
}

impl<P: Projection> Service for Runner<P> {
    fn name(&self) -> &str {
        P::NAME
    }

    fn check(&self, capabilities: Capabilities) -> Result<()> {
        self.0.check(capabilities.projection_inline)
    }

    fn run(self: Box<Self>, app: Annals, stop: Stop) {
        future::block_on(self.serve(&app, &stop));
        self.0.board.enter(Phase::Stopped);
    }
}

impl<P: Projection> Runner<P> {
    async fn serve(&self, app: &Annals, stop: &Stop) {
        let board = &self.0.board;
        let mut setbacks = 0;
        while !stop.is_set() {
            board.enter(Phase::Standby);
            let Err(error) = self.lead(app, stop, &mut setbacks).await else { return };
            board.failed(&error);
            setbacks += 1;
            let may_pass = match Halt::of_database::<P::Store>(error.clone()) {
                Halt::Passing(_) | Halt::Moved(_) => true,
                _ => setbacks <= self.0.run.retries && error.kind() == ErrorKind::Unavailable,
            };
            if may_pass {
                stop.wait_timeout(self.0.run.wait_before(setbacks));
                continue;
            }
            tracing::error!(projection = P::NAME, %error, "the projection cannot be run");
            let resumed = board.change(|notes| {
                notes.phase = Phase::Refused;
                notes.resumed
            });
            let told = board.wait(|notes| notes.resumed != resumed || notes.is_restless);
            future::or(stop.wait(), told).await;
            setbacks = 0;
        }
    }

    /// Leads until it is told to stop, or must not any longer.
    async fn lead(&self, app: &Annals, stop: &Stop, setbacks: &mut u32) -> Result<()> {
        let name = self.0.lease_name();
        // Taking a lease blocks, and this is a thread of its own.
        let Some(held) = lease::acquire(&app.store, &name, lease::TTL, stop)? else {
            return Ok(());
        };
        let held = Arc::new(held);
        // Whatever a crew before this one found out, this one is told only of its own.
        self.0.board.change(|notes| notes.lost = None);
        let mut crews: Vec<Crew> = Vec::new();
        let ended = loop {
            // Before looking, so that what changes afterwards is looked at again.
            self.0.board.change(|notes| notes.is_restless = false);
            let models = match self.0.prepare(&app.store, held.fence()).await {
                Ok(models) => models,
                Err(error) => break Err(error),
            };
            let is_wanted =
                |crew: &Crew| models.iter().any(|info| info.model.generation == crew.generation);
            let (kept, done) = crews.into_iter().partition(is_wanted);
            crews = kept;
            dismiss(done).await;
            // Before the threads begin: one may pause at once, and then it is told to resume here.
            self.0.board.enter(Phase::Running);
            let mut hired = Ok(());
            for info in models {
                if crews.iter().all(|crew| crew.generation != info.model.generation) {
                    match self.hire(app, &info, &held) {
                        Ok(crew) => crews.push(crew),
                        Err(error) => hired = Err(error),
                    }
                }
            }
            if hired.is_err() {
                break hired;
            }
            *setbacks = 0;
            match self.next(stop).await {
                Next::Stop => break Ok(()),
                Next::Yield(error) => break Err(error),
                Next::Regroup => {}
            }
        };
        dismiss(crews).await;
        ended
    }

    async fn next(&self, stop: &Stop) -> Next {
        let board = &self.0.board;
        let told = board.wait(|notes| notes.is_restless || notes.lost.is_some());
        future::or(stop.wait(), told).await;
        if stop.is_set() {
            return Next::Stop;
        }
        board.look(|notes| notes.lost.clone()).map_or(Next::Regroup, Next::Yield)
    }

    fn hire(&self, app: &Annals, info: &ModelInfo, held: &Arc<Held>) -> Result<Crew> {
        let mut crew =
            Crew { generation: info.model.generation, stop: Stop::default(), threads: Vec::new() };
        for index in 0..info.partitions {
            let partition = Partition {
                app: app.clone(),
                entry: Arc::clone(&self.0),
                info: info.clone(),
                index,
                held: Arc::clone(held),
                stop: crew.stop.clone(),
                place: None,
                is_caught_up: false,
                has_finished: false,
            };
            let name = format!("{}/{index}", P::NAME);
            let thread = spawn(&name, move || partition.run()).map_err(|error| {
                Error::new(ErrorKind::Unavailable, format!("no thread for `{name}`"))
                    .caused_by(error)
            });
            match thread {
                Ok(thread) => crew.threads.push(thread),
                Err(error) => {
                    crew.stop.set();
                    return Err(error);
                }
            }
        }
        Ok(crew)
    }
}

/// Lets crews finish what they have begun.
async fn dismiss(crews: Vec<Crew>) {
    for crew in &crews {
        crew.stop.set();
    }
    let joined = blocking::unblock(move || {
        for thread in crews.into_iter().flat_map(|crew| crew.threads) {
            let name = thread.thread().name().unwrap_or("a partition").to_owned();
            if let Err(panic) = thread.join() {
                let error = crate::guard::panicked(&name, panic.as_ref());
                tracing::error!(%error, "a partition ended");
            }
        }
    });
    joined.await;
}
