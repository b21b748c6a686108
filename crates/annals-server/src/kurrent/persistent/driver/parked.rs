//! What is done with parked events: they are tried again, or forgotten.

use super::Driver;
use crate::{
    kurrent::persistent::{command::Answer, error::Refused, group::Origin, parked::Bounds, source},
    links::Entry,
};

/// Which parked events are still to be read to be tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replay {
    pub(super) next: u64,
    pub(super) end: u64,
}

/// Before which version the parked stream is to be cut off, as somebody asked.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) before: u64,
    answer: Answer<Result<(), Refused>>,
}

impl Driver {
    /// Where to stop in the parked stream.
    fn stop_at(&self, stop_at: Option<u64>) -> u64 {
        let Bounds { first, end } = self.bounds;
        stop_at.map_or(end, |count| first.saturating_add(count).min(end))
    }

    pub(super) fn replay(&mut self, stop_at: Option<u64>) -> Result<(), Refused> {
        if self.replay.is_some() || self.cut.is_some() {
            return Err(busy());
        }
        let end = self.stop_at(stop_at);
        if end > self.bounds.first {
            self.replay = Some(Replay { next: self.bounds.first, end });
            self.bounds.first = end;
        }
        Ok(())
    }

    pub(super) fn cut(&mut self, stop_at: Option<u64>, answer: Answer<Result<(), Refused>>) {
        if self.replay.is_some() || self.cut.is_some() {
            return drop(answer.send(Err(busy())));
        }
        let before = self.stop_at(stop_at);
        if let Some(last) = before.checked_sub(1) {
            self.group.pass(Origin::Parked(last));
        }
        self.bounds.first = before;
        self.cut = Some(Cut { before, answer });
    }

    pub(super) fn answer_cut(&mut self, before: u64, done: Result<(), Refused>) {
        if let Some(cut) = self.cut.take_if(|cut| cut.before <= before) {
            drop(cut.answer.send(done));
        }
    }

    /// Takes in parked events that are to be tried again.
    pub(super) fn try_parked(&mut self, end: u64, entries: Vec<Entry>) {
        let next = entries.last().map_or(end, |last| last.original().version.next().get());
        for entry in entries {
            let origin = Origin::Parked(entry.original().version.get());
            let strategy = self.definition.settings.strategy;
            self.group.take(source::message(entry, origin, strategy));
        }
        if next >= end {
            self.replay = None;
            self.group.pass(Origin::Parked(end.saturating_sub(1)));
        } else if let Some(replay) = &mut self.replay {
            replay.next = next;
        }
    }
}

fn busy() -> Refused {
    Refused::Failed("parked messages are being replayed or truncated; try again later".to_owned())
}
