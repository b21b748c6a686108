//! Harm to servers.

use std::time::Duration;

use annals_testbed::nats::Cut;

use crate::round::Round;

/// How long all servers are down.
const DOWN: Duration = Duration::from_millis(1_500);
/// How many appends have to go on while one server is away.
const GOES_ON: u64 = 200;

pub(crate) fn kill_the_leader(round: &mut Round) {
    for _ in 0..round.size.times() {
        let leader = leader(round);
        round.bed.servers.kill(leader).unwrap();
        round.reach(GOES_ON);
        round.bed.servers.restart(leader).unwrap();
        round.reach(GOES_ON);
        round.bed.servers.wait_ready().unwrap();
    }
}

pub(crate) fn kill_a_follower(round: &mut Round) {
    for _ in 0..round.size.times() {
        let follower = (leader(round) + 1) % 3;
        round.bed.servers.kill(follower).unwrap();
        round.reach(GOES_ON);
        round.bed.servers.restart(follower).unwrap();
        round.reach(GOES_ON);
        round.bed.servers.wait_ready().unwrap();
    }
}

pub(crate) fn kill_all(round: &mut Round) {
    for _ in 0..round.size.times() {
        round.bed.servers.kill_all().unwrap();
        round.last(DOWN);
        round.bed.servers.restart_all().unwrap();
        round.reach(GOES_ON);
    }
}

pub(crate) fn pause_the_leader(round: &mut Round) {
    let leader = leader(round);
    round.bed.servers.pause(leader).unwrap();
    round.last(round.size.pause());
    round.bed.servers.resume(leader).unwrap();
}

pub(crate) fn cut_in_silence(round: &mut Round) {
    cut(round, Cut::Silent);
}

pub(crate) fn cut_abruptly(round: &mut Round) {
    cut(round, Cut::Abrupt);
}

fn cut(round: &Round, how: Cut) {
    round.bed.servers.partition(&[leader(round)], how);
    round.last(round.size.pause());
    round.bed.servers.heal();
}

fn leader(round: &Round) -> usize {
    round.bed.servers.wait_for_leader_of(&round.bed.stream()).unwrap()
}
