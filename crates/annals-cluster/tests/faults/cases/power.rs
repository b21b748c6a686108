//! A power loss with the servers' default sync: what they had acknowledged and not yet synced is
//! gone from two of three, and these two start without the third. It is shown here, because it
//! happens. The third stays away: with its longer log it may not be brought up to date any more.

use std::sync::Arc;

use annals_cluster::{Cluster, log::OrderedLog};
use annals_core::{Append, Backend, ErrorKind, EventType, ExpectedVersion, NewEvent, StreamName};
use annals_testbed::wait_until;
use futures_lite::future::block_on;

use super::Case;
use crate::{
    bed::{copy, put_back},
    check::read_all,
    report::Row,
    round::Round,
    seats::{C, NAMES},
};

/// How many appends are acknowledged between the copy and the loss.
const LOST: u64 = 1_000;
/// The servers that lose.
const LOSERS: [usize; 2] = [0, 1];

pub(crate) fn run(case: &Case, mut round: Round) -> Row {
    let copied = |server: usize| format!("server-{server}");
    round.bed.servers.kill_all().unwrap();
    for server in LOSERS {
        copy(&round.bed.servers.folder(server), &round.bed.folder(&copied(server)));
    }
    round.bed.servers.restart_all().unwrap();
    round.reach(LOST);
    let readers = round.stop();
    let log = round.bed.log();
    let before = end(&round, &log);
    for node in &round.bed.seats.here {
        wait_until("a node has applied the log", || node.applied() >= before).unwrap();
    }
    round.bed.servers.kill_all().unwrap();
    for server in LOSERS {
        put_back(&round.bed.folder(&copied(server)), &round.bed.servers.folder(server));
        round.bed.servers.restart(server).unwrap();
    }
    let new = go_on(&round);
    let after = end(&round, &log);
    assert!(after < before, "the log has lost its end");
    round.note(format!("the log ended at entry {before} before, and at entry {after} after"));
    every_node_says_so(&mut round);
    let lost = lost(&round, &new);
    round.note(format!(
        "{lost} acknowledged appends are in no entry of the log any more; all of them are in the \
         stores of the nodes"
    ));
    wait_until("the log has grown on", || {
        // Its servers may be electing a leader; then there is another one.
        drop(block_on(new.append(append())));
        new.applied() > before
    })
    .unwrap();
    let error = round.bed.open_named(NAMES[C]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted, "{error}");
    round.note(format!("when the log had grown on, it said: \"{}\"", error.message()));
    round.row(case, None, &readers)
}

fn end(round: &Round, log: &Arc<dyn OrderedLog>) -> u64 {
    let log = Arc::clone(log);
    round.bed.on_runtime(async move {
        loop {
            // It has no leader at first.
            if let Ok(extent) = log.extent().await {
                return extent.last;
            }
        }
    })
}

/// Lets the two servers take something new through a new node.
fn go_on(round: &Round) -> Cluster {
    round.bed.servers.wait_for_leader_of(&round.bed.stream()).unwrap();
    let mut opened = None;
    wait_until("a new node starts", || {
        opened = round.bed.open_named("d").ok();
        opened.is_some()
    })
    .unwrap();
    let new = opened.unwrap();
    wait_until("the log goes on", || block_on(new.append(append())).is_ok()).unwrap();
    new
}

/// No node takes a write any more, nor starts again, and each says why.
fn every_node_says_so(round: &mut Round) {
    let mut said = Vec::new();
    for node in &round.bed.seats.here {
        // Before that there may be no leader for long.
        let says_so = || node.trouble().is_some_and(|why| why.kind() == ErrorKind::Corrupted);
        wait_until("a node says that the log has lost something", says_so).unwrap();
        let error = block_on(node.append(append())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Poisoned, "{error}");
        said.push(node.trouble().unwrap());
    }
    round.bed.close_other();
    let error = round.bed.open_named(NAMES[C]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted, "{error}");
    for running in said {
        assert_eq!(running.kind(), ErrorKind::Corrupted, "{running}");
        round.note(format!("a node that ran said: \"{}\"", running.message()));
    }
    round.note(format!("a node that was started again said: \"{}\"", error.message()));
}

/// How many acknowledged appends a node lacks that is made from what is left of the log. The nodes
/// that there are have all of them.
fn lost(round: &Round, new: &Cluster) -> usize {
    let history = &round.crowd.shared.history;
    for node in &round.bed.seats.here {
        history.check(&read_all(node).unwrap());
    }
    history.lost(&read_all(new).unwrap())
}

fn append() -> Append {
    let event = NewEvent::new(EventType::new("late").unwrap(), "{}");
    Append::to(StreamName::new("late").unwrap(), ExpectedVersion::Any, [event])
}
