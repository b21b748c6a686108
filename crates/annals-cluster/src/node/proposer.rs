//! Packing callers' commands into proposals, and publishing these until they are in the log.
//!
//! While a proposal is on its way to the log, commands gather for the next: a lone caller waits for
//! nobody, a crowd shares a message. A publish that is not answered is repeated, because it is
//! not known whether the log has it; the nodes apply a proposal once, however often it is there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use annals_core::{Clock, Error, ErrorKind, Result};
use annals_engine::Command;
use async_channel::Receiver;
use bytes::Bytes;
use futures_lite::future::or;
use tokio::{task::yield_now, time::timeout};

use super::{
    counts::Counts,
    pending::{Pending, Reply},
    status::Status,
};
use crate::{
    entry::{HEADER_LEN, Header, Kind, ProposalId, RULES, put_command},
    log::{OrderedLog, PublishError},
    pause::pause,
};

/// A proposal waits for as many callers as the one before it answered, because they are likely to
/// ask again at once, and a message for them all takes the log hardly longer than one for the
/// first. It waits no more when nobody came for so long. Less than the runtime's clock can tell.
const NOBODY_CAME: Duration = Duration::from_micros(150);
/// Bytes after which a proposal takes no more commands.
const PROPOSAL_BYTES: usize = 256 * 1024;
/// The first pause before a publish is repeated; each next one is twice as long, up to the last.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
/// See above.
const PAUSE_LAST: Duration = Duration::from_millis(500);
/// After how long a publish without an answer makes the log's leader doubtful; also how long that
/// may take to say that it is there.
const SILENT: Duration = Duration::from_millis(200);
/// How often a log without a leader is asked again.
const PROBED_EVERY: Duration = Duration::from_millis(50);
/// What the log's own headers may take of a message.
const LOG_HEADERS: usize = 512;

/// A caller's command, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) command: Command,
    pub(crate) reply: Reply,
}

/// What a node publishes its callers' commands with.
#[derive(Debug)]
pub(crate) struct Proposer {
    pub(crate) log: Arc<dyn OrderedLog>,
    pub(crate) status: Arc<Status>,
    pub(crate) pending: Arc<Pending>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) node: u64,
    pub(crate) session: u64,
    /// What tells the time of commands instead of the log.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// How many proposals there were in this session.
    pub(crate) number: AtomicU64,
}

impl Proposer {
    /// Publishes what is asked for until nothing more can be, one proposal after the other: two at
    /// once would not make the log faster, only the batches smaller.
    pub(crate) async fn run(self: Arc<Self>, requests: Receiver<Request>) {
        let mut crowd = 0;
        while let Ok(first) = requests.recv().await {
            let (body, replies) = gather(first, &requests, crowd).await;
            crowd = replies.len();
            if crowd > 0 {
                self.counts.batch_commands.record(crowd as u64);
                let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
                self.pending.add(number, replies);
                self.publish(number, &body).await;
            }
        }
    }

    /// Where the log ends, as its leader knows it.
    ///
    /// # Errors
    /// `Unavailable` while it has none; `Timeout`.
    pub(crate) async fn end(&self) -> Result<u64> {
        Ok(self.log.extent().await?.last)
    }

    /// Puts an entry without a command into the log, and gives its place. It tells the other nodes
    /// what this node's store is.
    ///
    /// # Errors
    /// `Timeout`, `Unavailable`; what else the log refuses it for.
    pub(crate) async fn mark(&self) -> Result<u64> {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let mut place = self.status.last();
        for message in self.messages(number, &[]) {
            place = self.log.publish(message).await.map_err(|error| match error {
                PublishError::Refused(why) | PublishError::Unanswered(why) => why,
            })?;
        }
        Ok(place)
    }

    /// Publishes a proposal, and waits until its callers have their answers.
    async fn publish(&self, number: u64, body: &[u8]) {
        let begun = Instant::now();
        let messages = self.messages(number, body).into_iter();
        let sent = messages.map(|message| self.until_logged(number, message));
        if futures_util::future::join_all(sent).await.into_iter().all(|sent| sent) {
            let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.counts.publish_nanos.record(nanos);
            // Where the node stops they have them, too.
            drop(self.status.until(|_| !self.pending.is_awaited(number)).await);
        }
    }

    /// The messages of a proposal: one, or the parts of a large one.
    fn messages(&self, number: u64, body: &[u8]) -> Vec<Bytes> {
        let room = self.log.message_bytes_max().saturating_sub(HEADER_LEN + LOG_HEADERS);
        let room = std::cmp::max(room, 1);
        let parts = std::cmp::max(body.len().div_ceil(room), 1);
        let base = self.status.last();
        let claim = self.status.claim();
        let time = self.clock.as_ref().map(|clock| clock.now());
        let part = |part: usize| {
            let start = part * room;
            let end = std::cmp::min(start + room, body.len());
            let header = Header {
                rules: RULES,
                kind: Kind::Proposal,
                part: part as u32,
                parts: parts as u32,
                node: self.node,
                proposal: ProposalId { session: self.session, number },
                base,
                claim,
                time,
            };
            header.encode(body.get(start..end).unwrap_or_default())
        };
        (0..parts).map(part).collect()
    }

    /// Publishes a message until the log has it, or nobody waits for it any more.
    async fn until_logged(&self, number: u64, message: Bytes) -> bool {
        let mut wait = PAUSE_FIRST;
        let mut may_be_there = false;
        loop {
            match or(self.log.publish(message.clone()), self.new_leader()).await {
                Ok(entry) => {
                    self.status.log_ends_at(entry);
                    return true;
                }
                Err(PublishError::Refused(why)) if !may_be_there => {
                    self.pending.refuse(number, &why);
                    return false;
                }
                Err(PublishError::Refused(why) | PublishError::Unanswered(why)) => {
                    may_be_there = true;
                    tracing::debug!(error = %why, number, "a proposal is published again");
                }
            }
            self.counts.republished.fetch_add(1, Ordering::Relaxed);
            if !self.is_awaited_after(number, wait).await || !self.has_leader(number).await {
                return false;
            }
            wait = std::cmp::min(wait * 2, PAUSE_LAST);
        }
    }

    /// Ends when a message that is on its way now will not be answered: what is sent while the log
    /// has no leader is lost, and nobody says so. A log that does not say where it ends, and later
    /// does, has a leader that never heard of the message.
    async fn new_leader(&self) -> Result<u64, PublishError> {
        pause(SILENT).await;
        let mut was_silent = false;
        loop {
            let begun = Instant::now();
            let answers = self.answers().await;
            if answers && was_silent {
                let why = "the log has a new leader since the publish";
                let why = Error::new(ErrorKind::Unavailable, why);
                return Err(PublishError::Unanswered(why));
            }
            was_silent |= !answers;
            let every = if was_silent { PROBED_EVERY } else { SILENT };
            pause(every.saturating_sub(begun.elapsed())).await;
        }
    }

    /// Waits until the log has a leader; `false` when nobody waits for the proposal any more.
    async fn has_leader(&self, number: u64) -> bool {
        loop {
            let begun = Instant::now();
            if self.answers().await {
                return true;
            }
            let left = PROBED_EVERY.saturating_sub(begun.elapsed());
            if !self.is_awaited_after(number, left).await {
                return false;
            }
        }
    }

    async fn answers(&self) -> bool {
        matches!(timeout(SILENT, self.log.extent()).await, Ok(Ok(_)))
    }

    /// Waits a moment, or less when the proposal is applied: then the log had it all along.
    async fn is_awaited_after(&self, number: u64, wait: Duration) -> bool {
        let applied = self.status.until(|_| !self.pending.is_awaited(number));
        match timeout(wait, applied).await {
            Ok(_) => false,
            Err(_) => self.status.check().is_ok() && self.pending.is_awaited(number),
        }
    }
}

/// Packs a request and those that come with it, with those who wait for them: nobody, when all have
/// gone away.
async fn gather(
    first: Request,
    requests: &Receiver<Request>,
    crowd: usize,
) -> (Vec<u8>, Vec<Reply>) {
    let (mut body, mut replies) = (Vec::new(), Vec::new());
    let mut next = Some(first);
    while let Some(request) = next {
        // Who has gone away must not find later that it was done after all.
        if !request.reply.is_closed() {
            put_command(&mut body, &request.command);
            replies.push(request.reply);
        }
        next = match body.len() {
            PROPOSAL_BYTES.. => None,
            _ if replies.len() < crowd => soon(requests).await,
            _ => requests.try_recv().ok(),
        };
    }
    (body, replies)
}

/// The next request, if it comes soon.
async fn soon(requests: &Receiver<Request>) -> Option<Request> {
    let begun = Instant::now();
    loop {
        match requests.try_recv() {
            Ok(request) => return Some(request),
            Err(_) if begun.elapsed() >= NOBODY_CAME => return None,
            Err(_) => yield_now().await,
        }
    }
}

/// What a caller is told who has waited long enough.
pub(crate) fn timed_out(waited: Duration) -> Error {
    let message = format!(
        "the log did not take the append, or did not answer, within {} s; it may come in later: \
         asking again with the same event ids stores nothing twice",
        waited.as_secs()
    );
    Error::new(ErrorKind::Timeout, message)
}
