//! The one thread that applies the log to this node's store.
//!
//! What stays true:
//! * Entries are applied in order, each once, and what becomes of them follows from the log alone.
//! * Nothing is answered before readers of this node can see it.
//! * What is wrong with this node is never told as a refusal: it waits, or stops.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use annals_core::{Error, ErrorKind, Result};
use annals_engine::{At, Outcome, Replica};
use bytes::Bytes;

use super::{
    assembly::Assembly,
    claims::Claims,
    pending::{Pending, Reply, void},
    recent::{Admission, Recent},
    status::Status,
};
use crate::{
    entry::{Claim, Kind, Message, commands},
    log::Logged,
};

/// Entries that are applied before readers are shown them, at most, while more are waiting.
const SHOWN_TOGETHER: usize = 256;
/// How often a node syncs what it has applied, at least.
pub(super) const SYNCED_EVERY: Duration = Duration::from_secs(1);
/// The pause before a command is applied again for which there was no room.
const PAUSE: Duration = Duration::from_millis(500);

/// What the applier is given.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// The next message of the log, or why there will be no more.
    Message(Result<Logged>),
    /// There was no message for a while.
    Quiet,
}

/// What a node applies the log with.
#[derive(Debug)]
pub(crate) struct Applier {
    replica: Replica,
    status: Arc<Status>,
    pending: Arc<Pending>,
    /// This session of this node.
    session: u64,
    node: u64,
    recent: Recent,
    assembly: Assembly,
    claims: Claims,
    /// Answers to be given when readers are shown what they are about.
    answers: Vec<(Vec<Reply>, Vec<Result<Outcome>>)>,
    synced_at: Option<Instant>,
}

impl Applier {
    pub(crate) fn new(
        replica: Replica,
        status: Arc<Status>,
        pending: Arc<Pending>,
        session: u64,
        node: u64,
    ) -> Self {
        let (recent, assembly, claims) = Default::default();
        Self {
            replica,
            status,
            pending,
            session,
            node,
            recent,
            assembly,
            claims,
            answers: Vec::new(),
            synced_at: None,
        }
    }

    /// Applies what is delivered until nothing more comes, or the node has to stop; then makes
    /// durable what was applied.
    pub(crate) fn run(mut self, deliveries: &async_channel::Receiver<Delivery>) {
        let mut left = None;
        while let Some(first) = left.take().or_else(|| deliveries.recv_blocking().ok()) {
            match self.apply_some(first, deliveries) {
                Ok(next) => left = next,
                Err(why) => {
                    tracing::error!(error = %why, "the node stops applying the log");
                    self.status.halt(why);
                    break;
                }
            }
        }
        // It is applied again from the log where this fails.
        drop(self.replica.sync());
        let why = self
            .status
            .check()
            .err()
            .unwrap_or_else(|| Error::new(ErrorKind::Closed, "the node is closed"));
        self.pending.give_up(&why);
    }

    /// Applies an entry and those behind it that are there already, then shows them. Gives what
    /// was taken beyond that.
    fn apply_some(
        &mut self,
        first: Delivery,
        deliveries: &async_channel::Receiver<Delivery>,
    ) -> Result<Option<Delivery>> {
        let mut next = Some(first);
        let mut newest = None;
        for _ in 0..SHOWN_TOGETHER {
            let Some(delivery) = next.take() else { break };
            let Delivery::Message(logged) = delivery else { break };
            let logged = logged?;
            self.status.heard_of(logged.sequence + logged.behind);
            self.entry(&logged)?;
            newest = Some(logged);
            next = deliveries.try_recv().ok();
        }
        self.replica.show()?;
        if let Some(logged) = newest {
            self.status.set_head(self.replica.head());
            self.status.set_applied(logged.sequence, logged.time, self.replica.digest());
        }
        self.answer();
        self.sync_in_time()?;
        Ok(next)
    }

    fn entry(&mut self, logged: &Logged) -> Result<()> {
        let entry = logged.sequence;
        let message = Message::decode(entry, &logged.message)?;
        self.check_same(entry, &message)?;
        let header = message.header;
        if header.kind == Kind::Genesis {
            self.remember(entry);
            return Ok(());
        }
        let body = self.assembly.add(entry, &message);
        let admission =
            body.map(|body| (body, self.recent.admit(entry, header.proposal, header.base)));
        match admission {
            Some((body, Admission::New)) => self.proposal(logged, &message, &body)?,
            Some((_, Admission::Void)) if header.proposal.session == self.session => {
                self.pending.refuse(header.proposal.number, &void());
            }
            _ => {}
        }
        self.remember(entry);
        match header.claim {
            Some(claim) if header.node != self.node => self.claims.compare(header.node, claim),
            _ => Ok(()),
        }
    }

    /// Makes durable what was shown, now and then: what is not would be applied again after a power
    /// failure, so the log must keep it. No frame tells of it, so stores do not differ by it.
    fn sync_in_time(&mut self) -> Result<()> {
        let newest = self.replica.newest().map(|newest| newest.entry);
        let is_synced = self.status.durable() == newest;
        if is_synced || self.synced_at.is_some_and(|at| at.elapsed() < SYNCED_EVERY) {
            return Ok(());
        }
        self.replica.sync()?;
        self.status.set_durable(newest.unwrap_or(0));
        self.synced_at = Some(Instant::now());
        Ok(())
    }

    /// Whether the entry that the newest commit comes from is still in its place, whatever it is
    /// that stands there.
    fn check_same(&self, entry: u64, message: &Message) -> Result<()> {
        let newest = self.replica.newest().filter(|newest| newest.entry == entry);
        match newest {
            Some(newest) if newest.mark != message.checksum => Err(another_log(entry)),
            _ => Ok(()),
        }
    }

    fn proposal(&mut self, logged: &Logged, message: &Message, body: &Bytes) -> Result<()> {
        let entry = logged.sequence;
        if self.replica.newest().is_some_and(|newest| entry < newest.entry) {
            return Ok(());
        }
        let mut outcomes = Vec::new();
        while !self.commands(logged, message, body, &mut outcomes)? {
            self.replica.show()?;
            self.answer();
            thread::park_timeout(PAUSE);
            self.status.check()?;
        }
        let proposal = message.header.proposal;
        if proposal.session == self.session {
            let replies = self.pending.take(proposal.number).unwrap_or_default();
            self.answers.push((replies, outcomes));
        }
        Ok(())
    }

    /// Applies the commands that are not applied yet. `false` when there was no room for the next.
    fn commands(
        &mut self,
        logged: &Logged,
        message: &Message,
        body: &Bytes,
        outcomes: &mut Vec<Result<Outcome>>,
    ) -> Result<bool> {
        for (index, command) in (0..).zip(commands(body)).skip(outcomes.len()) {
            let at = At {
                entry: logged.sequence,
                index,
                time: message.header.time.unwrap_or(logged.time),
                mark: message.checksum,
            };
            match self.replica.apply(at, command?) {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    tracing::warn!(%error, entry = logged.sequence, "applying the log waits");
                    self.status.stall(error);
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Remembers what this node's store is at an entry, once it is known.
    fn remember(&mut self, entry: u64) {
        if self.replica.newest().is_none_or(|newest| entry >= newest.entry) {
            self.claims.remember(Claim { entry, digest: self.replica.digest() });
        }
    }

    fn answer(&mut self) {
        for (replies, outcomes) in self.answers.drain(..) {
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // Who has gone away does not want to know; what was stored stays stored.
                drop(reply.send(outcome));
            }
        }
    }
}

/// The log is not the one that this node applied.
fn another_log(entry: u64) -> Error {
    let message = format!(
        "entry {entry} of the log is not the one that this node applied there: the log has lost \
         what it had acknowledged and gone on with something else, or it was made anew; move this \
         node's folder away, so that the node is made again from the log"
    );
    Error::new(ErrorKind::Corrupted, message).with("entry", entry)
}
