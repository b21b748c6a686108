//! A page of the whole store, through a query.

use annals_core::{Direction, Query, RecordedEvent, Result};

use super::{
    fetch::fetch,
    snapshot::{PageLimit, Snapshot},
};
use crate::index::plan::Plan;

/// A stretch of positions still to be read, both ends included. Empty when low is above high.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) low: u64,
    pub(crate) high: u64,
}

impl Stretch {
    pub(crate) const fn is_empty(self) -> bool {
        self.low > self.high
    }

    const EMPTY: Self = Self { low: 1, high: 0 };

    const fn after(self, position: u64) -> Self {
        match position.checked_add(1) {
            Some(low) => Self { low, high: self.high },
            None => Self::EMPTY,
        }
    }

    const fn before(self, position: u64) -> Self {
        match position.checked_sub(1) {
            Some(high) => Self { low: self.low, high },
            None => Self::EMPTY,
        }
    }
}

/// Reads the next events of a stretch, which lies below the head, and says what is left of it.
pub(crate) fn page(
    snapshot: &Snapshot,
    query: &Query,
    stretch: Stretch,
    direction: Direction,
    limit: PageLimit,
) -> Result<(Vec<RecordedEvent>, Stretch)> {
    let mut plan = Plan::new(query, &snapshot.terms);
    let mut left = stretch;
    let mut positions = Vec::new();
    // Positions come before their events: so the events can be read in few, larger pieces.
    while positions.len() < limit.events && !left.is_empty() {
        let found = match direction {
            Direction::Forward => plan.at_least(&snapshot.view, left.low)?,
            Direction::Backward => plan.at_most(&snapshot.view, left.high)?,
        };
        match found.filter(|found| left.low <= *found && *found <= left.high) {
            None => left = Stretch::EMPTY,
            Some(found) => {
                positions.push(found);
                left = match direction {
                    Direction::Forward => left.after(found),
                    Direction::Backward => left.before(found),
                };
            }
        }
    }
    let mut events = Vec::with_capacity(positions.len());
    match direction {
        Direction::Forward => {
            let done = fetch(&snapshot.view, &positions, limit, &mut events)?;
            if let Some(skipped) = positions.get(done) {
                left = Stretch { low: *skipped, high: stretch.high };
            }
        }
        Direction::Backward => {
            let done = fetch_backward(snapshot, &positions, limit, &mut events)?;
            if let Some(skipped) = positions.get(done) {
                left = Stretch { low: stretch.low, high: *skipped };
            }
        }
    }
    // The lists are of hashes: compare what was really meant.
    events.retain(|event| query.matches(event));
    Ok((events, left))
}

/// Reads events at descending positions, in pieces that ascend.
fn fetch_backward(
    snapshot: &Snapshot,
    positions: &[u64],
    limit: PageLimit,
    events: &mut Vec<RecordedEvent>,
) -> Result<usize> {
    const PIECE: usize = 64;
    let mut bytes = 0;
    let mut done = 0;
    for piece in positions.chunks(PIECE) {
        let ascending: Vec<u64> = piece.iter().rev().copied().collect();
        let mut found = Vec::with_capacity(piece.len());
        let whole = PageLimit { events: usize::MAX, bytes: usize::MAX };
        fetch(&snapshot.view, &ascending, whole, &mut found)?;
        done += piece.len();
        bytes += found.iter().map(|event| event.data.len()).sum::<usize>();
        events.extend(found.into_iter().rev());
        if bytes >= limit.bytes {
            break;
        }
    }
    Ok(done)
}
