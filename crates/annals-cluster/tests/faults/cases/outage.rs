//! A power loss of all servers, which sync before they answer, and of node `c`, at once.

use crate::round::Round;

/// How many appends are made between two of them.
const MEANWHILE: u64 = 400;

pub(crate) fn lose_power(round: &mut Round) {
    for _ in 0..2 * round.size.times() {
        round.reach(MEANWHILE);
        round.bed.lose_power();
        round.bed.restore_power();
        round.reach(MEANWHILE);
    }
}
