//! What the task of a group lets run beside it: reads and writes of the store.

use std::{sync::Arc, time::Instant};

use annals_core::{Append, BoxFuture, ErrorKind, Position, Result};

use super::{Driver, PAUSE, parked::Replay};
use crate::{
    kurrent::persistent::{
        group::{Failed, Moment},
        settings::buffer,
    },
    links::Entry,
};

/// Events that are parked with one write.
const PARK_MAX: usize = 100;

/// What runs beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Job {
    Park,
    Save,
    Truncate,
    ReadParked,
}

/// What came of it.
pub(super) enum Done {
    Park(Vec<Failed<Arc<Entry>>>, Result<u64>),
    Save(u64, Result<()>),
    Truncate(u64, Result<()>),
    ReadParked(u64, Result<Vec<Entry>>),
}

impl Driver {
    pub(super) fn begin_jobs(&mut self, now: Instant) {
        if self.group.has_to_park() && self.park_at.is_none_or(|at| at <= now) {
            self.begin(Job::Park, Self::park);
        }
        if self.is_idle(Job::Save)
            && let Some(floor) = self.group.begin_save(Moment::At(now))
        {
            self.begin(Job::Save, |driver| driver.save(floor));
        }
        if self.is_idle(Job::Truncate) {
            let asked = self.cut.as_ref().map(|cut| cut.before);
            if let Some(before) = asked.or_else(|| self.group.begin_truncate(Moment::At(now))) {
                self.begin(Job::Truncate, |driver| driver.truncate(before));
            }
        }
        if let Some(replay) = self.replay
            && self.group.wants_parked()
        {
            self.begin(Job::ReadParked, |driver| driver.read_parked(replay));
        }
    }

    pub(super) fn is_idle(&self, job: Job) -> bool {
        !self.under_way.contains(&job)
    }

    fn begin(&mut self, job: Job, work: impl FnOnce(&mut Self) -> BoxFuture<'static, Done>) {
        if self.under_way.insert(job) {
            let work = work(self);
            self.jobs.push(work);
        }
    }

    fn park(&mut self) -> BoxFuture<'static, Done> {
        self.park_at = None;
        let (parked, failed) = (self.parked.clone(), self.group.park(PARK_MAX));
        Box::pin(async move {
            let end = parked.add(&failed).await;
            Done::Park(failed, end)
        })
    }

    pub(super) fn save(&mut self, floor: u64) -> BoxFuture<'static, Done> {
        let (store, name) = (Arc::clone(&self.index.store), self.checkpoint.clone());
        let last = Position::new(floor.saturating_sub(1));
        let append = self.fence.guard(Append::default().checkpoint(name, last));
        Box::pin(async move {
            let saved = async { store.append(append?).await };
            let saved = match saved.await {
                // Somebody else is further already.
                Err(error) if error.kind() == ErrorKind::ConditionFailed => Ok(()),
                saved => saved.map(|_| ()),
            };
            Done::Save(floor, saved)
        })
    }

    pub(super) fn truncate(&mut self, before: u64) -> BoxFuture<'static, Done> {
        let parked = self.parked.clone();
        Box::pin(async move { Done::Truncate(before, parked.truncate(before).await) })
    }

    fn read_parked(&mut self, replay: Replay) -> BoxFuture<'static, Done> {
        let parked = self.parked.clone();
        let limit = buffer(self.definition.settings.read_batch_size) as u64;
        Box::pin(async move {
            let page = parked.page(replay.next, replay.end, limit).await;
            Done::ReadParked(replay.end, page)
        })
    }

    pub(super) fn finish(&mut self, done: Done) {
        let now = Instant::now();
        let (job, error) = match done {
            Done::Park(failed, Ok(end)) => {
                self.bounds.end = end;
                self.group.parked(failed.into_iter().map(|failed| failed.message.origin));
                (Job::Park, None)
            }
            Done::Park(failed, Err(error)) => {
                self.group.not_parked(failed);
                self.park_at = Some(now + PAUSE);
                (Job::Park, Some(error))
            }
            Done::Save(floor, Ok(())) => {
                self.group.saved(floor, now);
                self.is_saved = true;
                (Job::Save, None)
            }
            Done::Save(_, Err(error)) => {
                self.group.not_saved(now);
                (Job::Save, Some(error))
            }
            Done::Truncate(before, Ok(())) => {
                self.group.truncated(before, now);
                self.answer_cut(before, Ok(()));
                (Job::Truncate, None)
            }
            Done::Truncate(before, Err(error)) => {
                self.group.not_truncated(now);
                self.answer_cut(before, Err(error.clone().into()));
                (Job::Truncate, Some(error))
            }
            Done::ReadParked(end, Ok(entries)) => {
                self.try_parked(end, entries);
                (Job::ReadParked, None)
            }
            Done::ReadParked(_, Err(error)) => {
                // What was not read is parked as before.
                if let Some(replay) = self.replay.take() {
                    self.bounds.first = replay.next;
                }
                (Job::ReadParked, Some(error))
            }
        };
        self.under_way.remove(&job);
        if let Some(error) = error {
            tracing::warn!(group = %self.definition.id, ?job, %error, "a group could not write");
        }
    }
}
