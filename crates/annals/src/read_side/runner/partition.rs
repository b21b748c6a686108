//! One partition of a read model: a thread that follows the log.

use std::sync::Arc;

use annals_core::{Error, ErrorKind, Position};
use futures_lite::future;

use super::{
    commit::Step,
    halt::Halt,
    intake::{Batch, Intake},
};
use crate::{
    Annals,
    lease::Held,
    read_side::{
        Checkpoint, ModelInfo, Projection, ReadStore, ReadTx, feed::Feed, registered::Entry,
        run::Mode,
    },
    service::Stop,
};

/// What a partition's thread works with.
pub(super) struct Partition<P: Projection> {
    pub(super) app: Annals,
    pub(super) entry: Arc<Entry<P>>,
    pub(super) info: ModelInfo,
    pub(super) index: u32,
    /// Given back when the last partition is gone.
    pub(super) held: Arc<Held>,
    pub(super) stop: Stop,
    /// Where the checkpoint stands.
    pub(super) place: Option<Position>,
    /// Whether it has been caught up at least once.
    pub(super) is_caught_up: bool,
    /// Whether the transaction under way made the model complete.
    pub(super) has_finished: bool,
}

impl<P: Projection> Partition<P> {
    /// Works until it is told to stop or somebody else is at work. Blocks.
    pub(super) fn run(mut self) {
        future::block_on(self.work());
    }

    async fn work(&mut self) {
        let mut setbacks = 0;
        let mut before = None;
        while !self.stop.is_set() {
            let Err(halt) = self.follow().await else { return };
            if self.place != before {
                (setbacks, before) = (0, self.place);
            }
            setbacks += 1;
            let may_pass = match &halt {
                Halt::Passing(_) => true,
                Halt::Lasting(_) => setbacks <= self.entry.run.retries,
                Halt::Stop | Halt::Pause(_) | Halt::Moved(_) => false,
            };
            match halt {
                Halt::Stop => return,
                Halt::Passing(error) | Halt::Lasting(error) if may_pass => {
                    tracing::debug!(projection = P::NAME, %error, "trying again");
                    self.entry.board.failed(&error);
                    if self.stop.wait_timeout(self.entry.run.wait_before(setbacks)) {
                        return;
                    }
                }
                Halt::Passing(error) | Halt::Lasting(error) | Halt::Pause(error) => {
                    self.pause(error).await;
                    setbacks = 0;
                }
                Halt::Moved(error) => match self.whether_went_back(error).await {
                    Ok(lost) => {
                        self.entry.board.change(|notes| notes.lost = Some(lost));
                        return;
                    }
                    Err(went_back) => self.pause(went_back).await,
                },
            }
        }
    }

    /// Goes on from the stored checkpoint.
    async fn follow(&mut self) -> Result<(), Halt> {
        let found = self.checkpoint().await?;
        if found.position < self.place {
            return Err(Halt::Pause(self.went_back(found.position)));
        }
        (self.place, self.is_caught_up) = (found.position, found.is_caught_up);
        let store = Arc::clone(&self.app.store);
        let query = self.entry.query(&store).map_err(Halt::Pause)?;
        let feed = Feed::after(store.backend.as_ref(), query, self.place);
        let mut intake = Intake::new(&store, &self.entry, self.index, &self.stop, feed);
        while let Some(batch) = intake.next().await.map_err(Halt::of_events)? {
            if !self.held.is_valid() {
                return Err(Halt::Moved(lease_lost(P::NAME)));
            }
            self.take_in(batch).await?;
            if self.stop.is_set() {
                break;
            }
        }
        Ok(())
    }

    /// Applies a stretch, or what appends have left of it.
    async fn take_in(&mut self, mut batch: Batch<P>) -> Result<(), Halt> {
        let end = Step { to: batch.to, is_caught_up: batch.is_caught_up };
        loop {
            if self.is_beside_appends() {
                self.place = self.checkpoint().await?.position.max(self.place);
                batch.units.retain(|unit| Some(unit.position) > self.place);
            }
            let is_news = !batch.units.is_empty() || batch.to > self.place;
            if !is_news && (!batch.is_caught_up || self.is_beside_appends() && self.is_caught_up) {
                // Whoever waits for what an append did is waiting here.
                self.entry.board.moved();
                return Ok(());
            }
            let before = self.place;
            match self.take(&batch.units, end).await {
                Err(Halt::Moved(error)) if self.is_beside_appends() => {
                    // An append was faster; anybody else is not to be followed.
                    if self.checkpoint().await?.position <= before.max(self.place) {
                        return Err(Halt::Moved(error));
                    }
                }
                done => return done,
            }
        }
    }

    /// Whether appends move the checkpoint too.
    fn is_beside_appends(&self) -> bool {
        self.entry.run.mode == Mode::Inline
    }

    async fn checkpoint(&self) -> Result<Checkpoint, Halt> {
        let looked = async {
            let mut tx = self.entry.store.look().await?;
            tx.checkpoints(&self.info.model).await
        };
        let found = looked.await.map_err(Halt::of_database::<P::Store>)?;
        found.into_iter().find(|found| found.partition == self.index).ok_or_else(|| {
            let message = format!("{} is no longer there", self.info.model);
            Halt::Moved(Error::new(ErrorKind::ConditionFailed, message))
        })
    }

    /// Whether the checkpoint stands before where this thread left it, which nobody who follows
    /// the log would do.
    async fn whether_went_back(&self, lost: Error) -> Result<Error, Error> {
        match self.checkpoint().await {
            Ok(found) if found.position < self.place => Err(self.went_back(found.position)),
            _ => Ok(lost),
        }
    }

    fn went_back(&self, found: Option<Position>) -> Error {
        let place = |place: Option<Position>| {
            place.map_or_else(|| "the beginning".to_owned(), |at| format!("position {at}"))
        };
        let message = format!(
            "the checkpoint of {} went back from {} to {}; going on would apply events twice; \
             rebuild the projection",
            self.info.model,
            place(self.place),
            place(found)
        );
        Error::new(ErrorKind::Corrupted, message)
    }

    /// Waits until somebody says to resume or to stop.
    async fn pause(&mut self, error: Error) {
        tracing::error!(projection = P::NAME, partition = self.index, %error, "paused");
        self.note_pause(&error).await;
        let at = (self.info.model.generation, self.index);
        let board = &self.entry.board;
        let resumed = board.change(|notes| {
            notes.paused.insert(at, error);
            notes.resumed
        });
        future::or(self.stop.wait(), board.wait(|notes| notes.resumed != resumed)).await;
        board.change(|notes| notes.paused.remove(&at));
        // What stands in the database now is where to begin, whatever was done in between.
        self.place = None;
    }

    /// For other processes. The database may be what is broken, so it is only tried.
    async fn note_pause(&self, error: &Error) {
        let noted = async {
            let mut tx = self.entry.store.begin().await?;
            tx.set_paused(&self.info.model, self.index, Some(&error.to_string())).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::debug!(%error, "a pause was not noted in the database");
        }
    }
}

fn lease_lost(name: &str) -> Error {
    let message = format!("the lease of projection `{name}` ran out; another runner may have it");
    Error::new(ErrorKind::ConditionFailed, message)
}
