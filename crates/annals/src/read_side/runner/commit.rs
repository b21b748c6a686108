//! One transaction: some records applied, and the checkpoint behind them.

use std::collections::BTreeMap;

use annals_core::{Error, ErrorKind, EventId, Position};

use super::{
    halt::{Culprit, Failure, Halt},
    partition::Partition,
};
use crate::{
    BoxError,
    read_side::{
        Advance, NewDeadLetter, Projection, ReadStore, ReadTx, Trouble,
        run::{Mode, Then},
        unit::{Keyed, Unit},
    },
    trace::Operation,
};

type Tx<P> = <<P as Projection>::Store as ReadStore>::Tx;

/// Events of one record that were given up, by part.
pub(super) type GivenUp = BTreeMap<Option<u32>, Reason>;

/// Why an event was given up.
#[derive(Debug)]
pub(super) struct Reason {
    pub(super) text: String,
    pub(super) attempts: u32,
}

/// Where a transaction leads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) to: Option<Position>,
    pub(super) is_caught_up: bool,
}

impl<P: Projection> Partition<P> {
    /// Applies some records and moves on, all together.
    pub(super) async fn commit(
        &mut self,
        units: &[Unit<P::Event>],
        given_up: &GivenUp,
        step: Step,
    ) -> Result<(), Failure> {
        let span = Operation::Project.span_on(P::NAME, None);
        span.batch(units.len());
        span.position(step.to);
        let done = span.within(self.transact(units, given_up, step)).await;
        done.inspect_err(|failure| failure.error().into_iter().for_each(|error| span.failed(error)))
    }

    async fn transact(
        &mut self,
        units: &[Unit<P::Event>],
        given_up: &GivenUp,
        step: Step,
    ) -> Result<(), Failure> {
        let mut tx = self.entry.store.begin().await.map_err(Self::database)?;
        if self.entry.run.mode == Mode::Inline {
            self.hold(&mut tx).await?;
        }
        tx.use_model(&self.info.model);
        self.has_finished = false;
        match self.write(&mut tx, units, given_up, step).await {
            Ok(()) => tx.commit().await.map_err(Self::database)?,
            Err(failure) => {
                if let Err(error) = tx.rollback().await {
                    tracing::debug!(%error, "rolling back after a failure");
                }
                return Err(failure);
            }
        }
        self.place = step.to.max(self.place);
        self.is_caught_up |= step.is_caught_up;
        if std::mem::take(&mut self.has_finished) {
            self.info.is_built = true;
            self.entry.board.change(|notes| notes.is_restless = true);
        }
        self.entry.board.moved();
        Ok(())
    }

    /// Keeps appends from moving the checkpoint until the end, before anything else is locked:
    /// then neither waits for the other in a circle.
    async fn hold(&self, tx: &mut Tx<P>) -> Result<(), Failure> {
        let found = tx.checkpoints(&self.info.model).await.map_err(Self::database)?;
        let stands = found.iter().find(|found| found.partition == self.index);
        if stands.is_some_and(|found| found.position == self.place) {
            return Ok(());
        }
        let message = format!("an append has moved the checkpoint of {}", self.info.model);
        Err(Halt::Moved(Error::new(ErrorKind::ConditionFailed, message)).into())
    }

    async fn write(
        &mut self,
        tx: &mut Tx<P>,
        units: &[Unit<P::Event>],
        given_up: &GivenUp,
        step: Step,
    ) -> Result<(), Failure> {
        let model = self.info.model.clone();
        let mut has_letters = tx.has_letter(&model, None).await.map_err(Self::database)?;
        for (index, unit) in units.iter().enumerate() {
            let blame = |part, error| Culprit { index, part, error };
            match (&unit.events, given_up.get(&None)) {
                (Err(_), Some(reason)) => {
                    has_letters |= self.give_up(tx, unit, None, None, reason).await?;
                }
                (Err(error), None) => return Err(Failure::Event(blame(None, error.clone()))),
                (Ok(events), _) => {
                    for keyed in events {
                        let part = Some(keyed.event.part);
                        // Without a part all of the record was given up.
                        let reason = given_up.get(&part).or_else(|| given_up.get(&None));
                        if let Some(reason) = reason {
                            let key = keyed.key.clone();
                            has_letters |= self.give_up(tx, unit, part, key, reason).await?;
                        } else if !(has_letters && self.waits_behind(tx, unit, keyed).await?) {
                            self.apply(tx, keyed, |error| blame(part, error)).await?;
                        }
                    }
                }
            }
        }
        self.finish(tx, units).await?;
        let last = units.last().map(|unit| (unit.event_id, unit.position));
        self.advance(tx, last, step).await
    }

    /// Runs the projection on one event.
    async fn apply(
        &self,
        tx: &mut Tx<P>,
        keyed: &Keyed<P::Event>,
        blame: impl FnOnce(Error) -> Culprit,
    ) -> Result<(), Failure> {
        let applied = self.entry.apply(&keyed.event, tx).await;
        match applied {
            Ok(()) if tx.is_open() => Ok(()),
            Ok(()) => Err(Halt::Lasting(ended_by_itself()).into()),
            Err(error) => Err(Self::failure_of(error, blame)),
        }
    }

    /// Lets the projection write what it has gathered.
    async fn finish(&self, tx: &mut Tx<P>, units: &[Unit<P::Event>]) -> Result<(), Failure> {
        let Err(error) = self.entry.finish(tx).await else { return Ok(()) };
        let first = |error| Culprit { index: 0, part: None, error };
        Err(match Self::failure_of(error, first) {
            Failure::Event(Culprit { error, .. }) if units.len() > 1 => Failure::Together(error),
            failure => failure,
        })
    }

    fn failure_of(error: BoxError, blame: impl FnOnce(Error) -> Culprit) -> Failure {
        let trouble = P::Store::trouble(&error);
        let error = Error::new(ErrorKind::Application, error.to_string()).caused_by(error);
        match trouble {
            None => Failure::Event(blame(error)),
            Some(Trouble::Passing(_)) => Halt::Passing(error).into(),
            Some(Trouble::Lasting(_)) => Halt::Lasting(error).into(),
            Some(Trouble::Schema(_)) => Failure::Schema(blame(error)),
        }
    }

    /// Leaves an event out, or sets it aside. Says whether there is a dead letter now.
    async fn give_up(
        &self,
        tx: &mut Tx<P>,
        unit: &Unit<P::Event>,
        part: Option<u32>,
        key: Option<String>,
        reason: &Reason,
    ) -> Result<bool, Failure> {
        if self.entry.run.then != Then::DeadLetter {
            return Ok(false);
        }
        self.set_aside(tx, unit, part, key, reason).await?;
        Ok(true)
    }

    /// Sets an event aside when an earlier one of its key is. Says whether it did.
    async fn waits_behind(
        &self,
        tx: &mut Tx<P>,
        unit: &Unit<P::Event>,
        keyed: &Keyed<P::Event>,
    ) -> Result<bool, Failure> {
        let Some(key) = keyed.key.as_deref() else { return Ok(false) };
        let is_behind = tx.has_letter(&self.info.model, Some(key)).await.map_err(Self::database)?;
        if is_behind {
            let text = format!("an earlier event of key `{key}` could not be applied");
            let reason = Reason { text, attempts: 0 };
            self.set_aside(tx, unit, Some(keyed.event.part), keyed.key.clone(), &reason).await?;
        }
        Ok(is_behind)
    }

    async fn set_aside(
        &self,
        tx: &mut Tx<P>,
        unit: &Unit<P::Event>,
        part: Option<u32>,
        key: Option<String>,
        reason: &Reason,
    ) -> Result<(), Failure> {
        let letter = NewDeadLetter {
            partition: self.index,
            position: unit.position,
            part,
            event_id: unit.event_id,
            key,
            reason: reason.text.clone(),
            attempts: reason.attempts,
            time: self.app.store.clock.now(),
        };
        tx.add_letter(&self.info.model, &letter).await.map_err(Self::database)
    }

    /// Moves the checkpoint, and queries to this model when it has caught up for the first time.
    async fn advance(
        &mut self,
        tx: &mut Tx<P>,
        last: Option<(EventId, Position)>,
        step: Step,
    ) -> Result<(), Failure> {
        let advance = Advance {
            partition: self.index,
            from: self.place,
            to: step.to.max(self.place),
            last,
            is_caught_up: step.is_caught_up,
            fence: self.held.fence(),
        };
        tx.advance(&self.info.model, &advance).await.map_err(Self::database)?;
        if (step.is_caught_up || self.is_caught_up) && !self.info.is_built {
            self.finish_building(tx).await.map_err(Self::database)?;
        }
        Ok(())
    }

    pub(super) fn database(error: Error) -> Failure {
        Failure::Halt(Halt::of_database::<P::Store>(error))
    }
}

fn ended_by_itself() -> Error {
    Error::new(
        ErrorKind::Application,
        "the transaction was over after an event: the handler ended it, or the database did on an \
         error that the handler passed over; leave COMMIT and ROLLBACK to the runner, and pass \
         errors on",
    )
}
