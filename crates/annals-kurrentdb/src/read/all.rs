//! Reading a stretch of the whole store.
//!
//! The places where a server lets a read begin are those of its events, which on a KurrentDB have
//! gaps between them; forward a place is included, and backward it is not. The contract includes it
//! both ways, and a reader who goes on asks for the place after or before the last event, where
//! none may stand. So a place is asked for in two ways:
//!
//! | | first | when no event stands there |
//! | --- | --- | --- |
//! | forward from `p` | from `p` | from `p - 1`, without the event there |
//! | backward from `p` | before `p + 1` | the event at `p`, then before `p` |
//!
//! Every place is right on an Annals server, so the first way is the only one there.

use annals_core::{Direction, Error, ErrorKind, Position, ReadAll, RecordedEvent, Result};
use annals_proto::kurrentdb::streams::ReadReq;

use super::{After, Progress, Verdict};
use crate::{filter::Wanted, wire::request};

/// What is asked of the whole store.
pub(super) struct All {
    read: ReadAll,
    wanted: Wanted,
    way: Way,
    /// The newest position when the read began, which is where it ends; unknown before.
    head: Option<Option<Position>>,
}

/// How the first event is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    First,
    Second,
    /// Backward, behind the event that the second way gave.
    Rest,
}

impl All {
    pub(super) fn new(read: ReadAll) -> Result<Self> {
        let wanted = Wanted::of(read.query.clone())?;
        Ok(Self { read, wanted, way: Way::First, head: None })
    }

    /// Whether it has to be told where the store ends. Who reads backward from there need not.
    pub(super) fn needs_head(&self) -> bool {
        let is_from_end = self.read.direction == Direction::Backward && self.read.from.is_none();
        self.head.is_none() && !is_from_end
    }

    pub(super) fn set_head(&mut self, head: Option<Position>) {
        self.head = Some(head);
    }

    /// What is left of it.
    pub(super) fn request(&self, progress: &Progress, left: u64) -> Option<ReadReq> {
        match self.read.direction {
            Direction::Forward => self.forward(progress, left),
            Direction::Backward => self.backward(progress, left),
        }
    }

    fn forward(&self, progress: &Progress, left: u64) -> Option<ReadReq> {
        let last = progress.last.map(|(_, position)| position);
        let head = self.head.flatten()?;
        if last.or(self.read.from).is_some_and(|from| from > head) {
            return None;
        }
        let from = match (last, self.read.from) {
            (Some(last), _) => request::From::At(last.get()),
            (None, None | Some(Position::FIRST)) => request::From::Outermost,
            (None, Some(from)) if self.way == Way::First => request::From::At(from.get()),
            (None, Some(from)) => request::From::At(from.get() - 1),
        };
        // The event where it begins is there already, or is not wanted.
        Some(self.asked(from, left.saturating_add(1)))
    }

    fn backward(&self, progress: &Progress, left: u64) -> Option<ReadReq> {
        let last = progress.last.map(|(_, position)| position);
        // No server knows a place beyond its end.
        let before = self.read.from.filter(|from| Some(*from) < self.head.flatten());
        let from = match (last, before, self.way) {
            (Some(last), _, _) => request::From::At(last.get()),
            (None, None, _) => request::From::Outermost,
            (None, Some(from), Way::First) => request::From::At(from.next().get()),
            (None, Some(from), Way::Second) => {
                let at = request::From::At(from.get());
                return Some(request::of_all(Direction::Forward, at, Some(1), None));
            }
            (None, Some(from), Way::Rest) => request::From::At(from.get()),
        };
        Some(self.asked(from, left))
    }

    fn asked(&self, from: request::From, left: u64) -> ReadReq {
        // What is left out here must not count there.
        let count = self.wanted.is_exact.then_some(left.max(1));
        request::of_all(self.read.direction, from, count, self.wanted.filter.as_ref())
    }

    pub(super) fn verdict(&self, event: &RecordedEvent, progress: &Progress) -> Verdict {
        let at = event.position;
        let last = progress.last.map(|(_, position)| position);
        let (is_before, is_behind) = match self.read.direction {
            Direction::Forward => (
                last.is_some_and(|last| at <= last) || self.read.from.is_some_and(|from| at < from),
                self.read.to.is_some_and(|to| at > to)
                    || self.head.flatten().is_some_and(|head| at > head),
            ),
            Direction::Backward => (
                last.is_some_and(|last| at >= last) || self.read.from.is_some_and(|from| at > from),
                self.read.to.is_some_and(|to| at < to),
            ),
        };
        // A second way backward looks at one event, which may stand somewhere else.
        if is_before || !self.wanted.wants(event) || !self.is_named(event) {
            return Verdict::Skip;
        }
        if is_behind { Verdict::End } else { Verdict::Give }
    }

    /// Whether the server's filter, which one request goes without, gives the event.
    fn is_named(&self, event: &RecordedEvent) -> bool {
        !self.is_looking() || (self.wanted.gives(event) && Some(event.position) == self.read.from)
    }

    fn is_looking(&self) -> bool {
        self.way == Way::Second && self.read.direction == Direction::Backward
    }

    /// The server has nothing more.
    pub(super) fn after(&mut self) -> After {
        if self.is_looking() {
            self.way = Way::Rest;
            return After::More;
        }
        After::End
    }

    /// Takes the second way where no event stands at a place.
    pub(super) fn refused(&mut self, error: Error, progress: &Progress) -> Result<()> {
        let Some(from) = self.read.from.filter(|_| is_no_place(&error)) else { return Err(error) };
        if progress.last.is_none() && self.way == Way::First {
            self.way = Way::Second;
            return Ok(());
        }
        let why = format!(
            "no event stands at position {from} of the server; take a position that an event or a \
             checkpoint had, or leave it out"
        );
        Err(Error::invalid(why).caused_by(error))
    }
}

/// Whether a server says that no event begins at a place. It has words for it alone.
fn is_no_place(error: &Error) -> bool {
    let told = error.message();
    matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::Internal)
        && (told.contains("invalid position") || told.contains("InvalidPosition"))
}
