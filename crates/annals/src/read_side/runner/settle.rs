//! Getting past records: many at a time, and one by one where an event cannot be applied.

use std::{collections::BTreeMap, slice};

use annals_core::{Error, ErrorKind, in_full};

use super::{
    commit::{GivenUp, Reason, Step},
    halt::{Culprit, Failure, Halt},
    partition::Partition,
};
use crate::read_side::{Projection, ReadStore, ReadTx, run::Then, unit::Unit};

impl<P: Projection> Partition<P> {
    /// Applies records and moves on to `end`. What comes before an event that fails is kept.
    pub(super) async fn take(
        &mut self,
        mut units: &[Unit<P::Event>],
        end: Step,
    ) -> Result<(), Halt> {
        let mut most = units.len();
        loop {
            let (now, later) = units.split_at(most.min(units.len()));
            let step = match now.last().filter(|_| !later.is_empty()) {
                Some(last) => Step { to: Some(last.position), is_caught_up: false },
                None => end,
            };
            let culprit = match self.commit(now, &GivenUp::new(), step).await {
                Ok(()) if later.is_empty() => return Ok(()),
                Ok(()) => {
                    units = later;
                    continue;
                }
                Err(Failure::Together(error)) if now.len() > 1 => {
                    self.entry.board.failed(&error);
                    most = now.len() / 2;
                    continue;
                }
                Err(failure) => self.culprit(failure).await?,
            };
            self.entry.board.failed(&culprit.error);
            let (before, rest) = units.split_at(culprit.index.min(units.len()));
            let Some((failing, after)) = rest.split_first() else {
                return Err(Halt::Lasting(culprit.error));
            };
            if let Some(last) = before.last() {
                let step = Step { to: Some(last.position), is_caught_up: false };
                if let Err(failure) = self.commit(before, &GivenUp::new(), step).await {
                    // Another event failed this time, and nothing was kept: all of it again, in
                    // smaller steps.
                    self.culprit(failure).await?;
                    most = before.len().div_ceil(2);
                    if self.stop.wait_timeout(self.entry.run.wait_before(1)) {
                        return Err(Halt::Stop);
                    }
                    continue;
                }
            }
            self.settle(failing, culprit).await?;
            units = after;
        }
    }

    /// Tries one record again and again, and in the end does what the run says.
    async fn settle(&mut self, unit: &Unit<P::Event>, first: Culprit) -> Result<(), Halt> {
        let mut given_up = GivenUp::new();
        let mut attempts = BTreeMap::new();
        let mut culprit = first;
        loop {
            let count = attempts.entry(culprit.part).or_insert(0_u32);
            *count += 1;
            // What cannot be decoded now cannot be decoded in a second either.
            let is_hopeless = culprit.error.kind() == ErrorKind::Undecodable;
            if *count > self.entry.run.retries || is_hopeless {
                if self.entry.run.then == Then::Pause {
                    return Err(Halt::Pause(at(unit, &culprit.error, *count)));
                }
                tracing::warn!(
                    projection = P::NAME, position = %unit.position, error = %culprit.error,
                    "an event was given up"
                );
                let reason = Reason { text: in_full(&culprit.error), attempts: *count };
                given_up.insert(culprit.part, reason);
            } else if self.stop.wait_timeout(self.entry.run.wait_before(*count)) {
                return Err(Halt::Stop);
            }
            let step = Step { to: Some(unit.position), is_caught_up: false };
            match self.commit(slice::from_ref(unit), &given_up, step).await {
                Ok(()) => return Ok(()),
                Err(failure) => culprit = self.culprit(failure).await?,
            }
            self.entry.board.failed(&culprit.error);
        }
    }

    /// The event that is to blame, if one is.
    async fn culprit(&self, failure: Failure) -> Result<Culprit, Halt> {
        match failure {
            Failure::Event(culprit) => Ok(culprit),
            Failure::Together(error) => Ok(Culprit { index: 0, part: None, error }),
            Failure::Halt(halt) => Err(halt),
            Failure::Schema(culprit) => {
                let missing = self.missing_tables().await?;
                if missing.is_empty() { Ok(culprit) } else { Err(Halt::Pause(gone(&missing))) }
            }
        }
    }

    async fn missing_tables(&self) -> Result<Vec<String>, Halt> {
        let looked = async {
            let mut tx = self.entry.store.look().await?;
            tx.missing_tables(&self.info).await
        };
        looked.await.map_err(Halt::of_database::<P::Store>)
    }
}

/// The error for tables that somebody dropped.
pub(super) fn gone(tables: &[String]) -> Error {
    let message = format!(
        "table `{}` is gone, and with it what the events had made of it; rebuild the projection",
        tables.join("`, `")
    );
    Error::new(ErrorKind::Corrupted, message)
}

fn at<E>(unit: &Unit<E>, error: &Error, attempts: u32) -> Error {
    let message = format!(
        "event {} at position {} could not be applied, tried {attempts} times: {}",
        unit.event_id,
        unit.position,
        in_full(error)
    );
    Error::new(error.kind(), message).caused_by(error.clone())
}
