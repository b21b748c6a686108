//! Harm to a node.

use annals_testbed::nats::Cut;

use crate::round::Round;

/// How many appends the others make while the node is away.
const MEANWHILE: u64 = 100;

pub(crate) fn kill(round: &mut Round) {
    for _ in 0..2 * round.size.times() {
        round.bed.kill_other();
        round.reach(MEANWHILE);
        round.bed.start_other().unwrap();
        round.reach(MEANWHILE);
    }
}

pub(crate) fn cut_in_silence(round: &mut Round) {
    cut(round, Cut::Silent);
}

pub(crate) fn cut_abruptly(round: &mut Round) {
    cut(round, Cut::Abrupt);
}

fn cut(round: &Round, how: Cut) {
    round.bed.servers.cut_clients(0, how);
    round.last(round.size.pause());
    round.bed.servers.restore_clients(0);
}
