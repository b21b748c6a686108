//! A round: a crowd writes, harm is done, and everything is compared at its end.

use std::{
    thread,
    time::{Duration, Instant},
};

use annals_testbed::wait_until;
use tokio::task::JoinHandle;

use crate::{
    bed::{Bed, Setting},
    cases::{Cannot, Case},
    check::{self, Found, Replays},
    crowd::Crowd,
    followers::{self, Seen},
    report::Row,
    seats::NAMES,
    size::Size,
};

/// How many appends have to be acknowledged after the harm, to show that it is over.
const AFTERWARDS: u64 = 300;

/// A round.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) bed: Bed,
    pub(crate) size: Size,
    pub(crate) crowd: Crowd,
    follower: JoinHandle<(Seen, usize)>,
    looker: JoinHandle<(u64, u64)>,
    notes: Vec<String>,
    begun: Instant,
}

/// What the readers of a round saw.
#[derive(Debug)]
pub(crate) struct Readers {
    pub(crate) seen: Seen,
    /// How often the subscription moved to another node.
    pub(crate) moves: usize,
    /// How often a node that was up to date was asked for what was just acknowledged.
    pub(crate) looked: u64,
}

impl Round {
    /// Starts servers, nodes, writers and readers, and waits until a third of the appends are made.
    ///
    /// # Errors
    /// Why it cannot be done on this machine.
    pub(crate) fn start(setting: Setting, size: Size) -> Result<Self, Cannot> {
        let bed = Bed::start(setting)?;
        let runtime = bed.runtime.handle();
        let crowd = Crowd::start(bed.seats.clone(), runtime);
        let (nodes, shared) = (bed.seats.here.clone(), crowd.shared.clone());
        let follower = runtime.spawn(followers::follow(nodes.clone(), shared.stop.clone()));
        let looker = runtime.spawn(followers::look(nodes, crowd.shown.clone(), shared));
        let (notes, begun) = (Vec::new(), Instant::now());
        let round = Self { bed, size, crowd, follower, looker, notes, begun };
        round.reach(size.appends() / 3);
        round.crowd.shared.tally.begin();
        Ok(round)
    }

    /// Says something in the report.
    pub(crate) fn note(&mut self, what: impl Into<String>) {
        self.notes.push(what.into());
    }

    /// Waits until so many more appends are acknowledged.
    pub(crate) fn reach(&self, more: u64) {
        let count = self.acknowledged() + more;
        let what = format!("{count} appends are acknowledged");
        wait_until(&what, || self.acknowledged() >= count).unwrap();
    }

    /// Waits until every node has answered again.
    fn all_answer(&self) {
        let tally = &self.crowd.shared.tally;
        for (seat, name) in NAMES.iter().enumerate() {
            let before = tally.answers(seat);
            let what = format!("node {name} answers");
            wait_until(&what, || tally.answers(seat) > before).unwrap();
        }
    }

    fn acknowledged(&self) -> u64 {
        self.crowd.shared.tally.counts().acknowledged
    }

    /// Lets a fault last.
    #[expect(clippy::unused_self, reason = "it is the round that lasts")]
    pub(crate) fn last(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            thread::park_timeout(end.saturating_duration_since(Instant::now()));
        }
    }

    /// Heals everything, lets the crowd go on until there is enough, and compares.
    pub(crate) fn finish(mut self, case: &Case) -> Row {
        self.bed.heal();
        let missing = self.size.appends().saturating_sub(self.acknowledged());
        self.reach(std::cmp::max(missing, AFTERWARDS));
        self.all_answer();
        let readers = self.stop();
        let replays = match self.bed.setting {
            Setting::Lossy => Replays::Two,
            _ => Replays::None,
        };
        let history = &self.crowd.shared.history;
        let found = check::everything(&self.bed, history, &readers, replays);
        self.row(case, Some(found), &readers)
    }

    /// Ends writers and readers.
    pub(crate) fn stop(&mut self) -> Readers {
        let runtime = self.bed.runtime.handle().clone();
        runtime.block_on(self.crowd.stop());
        let (seen, moves) = runtime.block_on(&mut self.follower).unwrap();
        let (looked, told) = runtime.block_on(&mut self.looker).unwrap();
        if told > 0 {
            self.note(format!("{told} times a node said that it could not get up to date then"));
        }
        Readers { seen, moves, looked }
    }

    /// What the report says of the round.
    pub(crate) fn row(self, case: &Case, found: Option<Found>, readers: &Readers) -> Row {
        let tally = &self.crowd.shared.tally;
        Row {
            name: case.name,
            what: case.what,
            counts: tally.counts(),
            pauses: tally.longest(),
            found,
            moves: readers.moves,
            looked: readers.looked,
            took: self.begun.elapsed(),
            notes: self.notes,
        }
    }
}
