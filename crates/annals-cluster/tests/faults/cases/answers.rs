//! Harm to answers: the log of the round does it by itself, all the time.

use crate::round::Round;

/// Appends over which it goes on.
const APPENDS: u64 = 600;

pub(crate) fn lose(round: &mut Round) {
    round.reach(APPENDS);
}
