//! Taking the lease, keeping it, and giving it back.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use annals_core::{Error, ErrorKind, Result, StateExpected};
use tokio::time;

use super::{
    Leader, Standing,
    contest::{Contest, Verdict},
    record::{self, Record},
};
use crate::{
    kurrent::persistent::fence::{self, Right},
    node::Node,
    stopping::Stopping,
};

/// Of how many renewals all but one may fail.
const RENEWALS: u32 = 3;
/// How often others look at the lease while it promises to be kept once.
const LOOKS: u32 = 4;

/// Runs beside a server on a store that several servers share.
#[derive(Debug)]
pub(crate) struct Keeper {
    node: Arc<Node>,
    me: Leader,
    promised: Duration,
}

/// The lease of this server.
#[derive(Debug, Clone, Copy)]
struct Held {
    number: u64,
    revision: u64,
    /// When its owner asked for what is stored.
    asked: Instant,
}

/// Why it is over.
#[derive(Debug)]
enum Over {
    /// The server stops.
    Leaving,
    /// There is no group, and nobody asks for one.
    Idle,
    /// It was not renewed in time, or somebody else has it.
    Lost(Standing),
}

impl Keeper {
    pub(crate) fn new(node: &Arc<Node>) -> Self {
        let me = Leader { id: node.instance, address: node.own_address() };
        if node.options.advertise.is_none() && node.address.ip().is_unspecified() {
            let address = node.address;
            tracing::warn!(%address, "other servers tell clients this address; advertise another");
        }
        Self { node: Arc::clone(node), me, promised: node.options.lease }
    }

    /// Leads whenever somebody has to and nobody else does, until the server stops.
    pub(crate) async fn run(self, leaving: Stopping) {
        loop {
            let won = tokio::select! {
                won = self.win() => won,
                () = leaving.clone().wait() => return,
            };
            let Some(mut held) = won else { return self.go_alone(leaving).await };
            let number = held.number;
            self.node.leadership.lasts(held.asked + self.promised);
            tracing::info!(number, "this server drives the groups of consumers");
            let over = tokio::select! {
                biased;
                () = leaving.clone().wait() => Over::Leaving,
                over = self.keep(&mut held) => over,
                never = self.take_up(number) => match never {},
            };
            match over {
                Over::Leaving => return self.leave(held).await,
                Over::Idle => {
                    tracing::info!(number, "there are no groups of consumers to drive");
                    self.give_back(held).await;
                }
                Over::Lost(standing) => {
                    tracing::warn!("this server no longer drives the groups of consumers");
                    self.node.leadership.set(standing);
                    self.node.persistent.resign(&self.node.leadership.farewell());
                }
            }
        }
    }

    /// Comes back with the lease; with none from a store that cannot keep one.
    async fn win(&self) -> Option<Held> {
        let mut contest = Contest::default();
        loop {
            let attempt = time::timeout(self.promised, self.attempt(&mut contest)).await;
            match attempt.unwrap_or_else(|_| Err(silent())) {
                Ok(Some(held)) => return Some(held),
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::Unsupported => return None,
                Err(error) => {
                    tracing::warn!(%error, "the lease on the groups of consumers is not known");
                    self.node.leadership.set(Standing::Open);
                }
            }
            let wanted = self.node.leadership.wanted.notified();
            // Either way it is looked at again.
            drop(time::timeout(self.promised / LOOKS, wanted).await);
        }
    }

    /// Drives the groups of a store that keeps no state: other servers cannot be told.
    async fn go_alone(&self, leaving: Stopping) {
        match self.node.persistent.lead(Right::Sole).await {
            Ok(()) => self.node.leadership.set(Standing::Alone),
            Err(error) => tracing::warn!(%error, "the groups of consumers cannot be driven"),
        }
        leaving.wait().await;
        self.node.persistent.stop().await;
    }

    /// Takes the lease, if it is free and somebody has to have it.
    async fn attempt(&self, contest: &mut Contest) -> Result<Option<Held>> {
        let store = self.node.store.as_ref();
        let entry = store.state(&record::key()?).await?;
        match contest.look(entry.as_ref(), self.me.id, Instant::now())? {
            Verdict::Kept(record) => {
                self.node.leadership.set(Standing::Follows(record.leader()));
                Ok(None)
            }
            Verdict::Free(expected, number) => {
                self.node.leadership.set(Standing::Open);
                if !self.is_wanted() && !self.node.persistent.has_stored().await? {
                    return Ok(None);
                }
                let fenced = fence::last(store).await?.map_or(0, |last| last.number);
                let number = std::cmp::max(number, fenced).saturating_add(1);
                let asked = Instant::now();
                let put = Record::new(&self.me, number, self.promised).put(expected)?;
                match store.put_state(put).await {
                    Ok(revision) => Ok(Some(Held { number, revision, asked })),
                    // Somebody else was faster.
                    Err(error) if error.kind() == ErrorKind::ConditionFailed => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Whether calls about groups come. Who leads is not to change between two of somebody's.
    fn is_wanted(&self) -> bool {
        self.node.leadership.was_called_within(self.promised)
    }

    /// Whether this server leads for nothing; then it drives groups no more.
    fn is_idle(&self) -> bool {
        let leads = self.node.leadership.standing() == Standing::Leads;
        leads && !self.is_wanted() && self.node.persistent.retire()
    }

    /// Renews the lease until it is over.
    async fn keep(&self, held: &mut Held) -> Over {
        let mut pause = self.promised / RENEWALS;
        loop {
            let until = held.asked + self.promised;
            wait_until(std::cmp::min(Instant::now() + pause, until)).await;
            if Instant::now() >= until {
                return Over::Lost(Standing::Open);
            }
            if self.is_idle() {
                return Over::Idle;
            }
            pause = match time::timeout_at(until.into(), self.renew(held)).await {
                Err(_) => return Over::Lost(Standing::Open),
                Ok(Ok(None)) => self.promised / RENEWALS,
                Ok(Ok(Some(leader))) => return Over::Lost(Standing::Follows(leader)),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the lease on the groups of consumers is not renewed");
                    self.promised / (RENEWALS * RENEWALS)
                }
            };
        }
    }

    /// Renews the lease once; gives who has it, if that is somebody else.
    async fn renew(&self, held: &mut Held) -> Result<Option<Leader>> {
        let store = self.node.store.as_ref();
        let record = Record::new(&self.me, held.number, self.promised);
        loop {
            let asked = Instant::now();
            let put = record.put(StateExpected::Revision(held.revision))?;
            match store.put_state(put).await {
                Ok(revision) => {
                    *held = Held { revision, asked, ..*held };
                    self.node.leadership.lasts(asked + self.promised);
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::ConditionFailed => {}
                Err(error) => return Err(error),
            }
            let Some(entry) = store.state(&record::key()?).await? else {
                return Err(Error::new(ErrorKind::Unavailable, "the lease was deleted"));
            };
            let found = Record::of(&entry)?;
            if found != record {
                return Ok(Some(found.leader()));
            }
            // A renewal whose answer was lost.
            held.revision = entry.revision;
        }
    }

    /// Begins to drive the groups, and goes on until it is dropped.
    async fn take_up(&self, number: u64) -> Infallible {
        loop {
            match self.drive(number).await {
                Ok(()) => break,
                Err(error) => tracing::warn!(%error, "the groups of consumers cannot be driven"),
            }
            wait_until(Instant::now() + self.promised / LOOKS).await;
        }
        self.node.leadership.set(Standing::Leads);
        std::future::pending().await
    }

    async fn drive(&self, number: u64) -> Result<()> {
        self.node.persistent.lead(Right::Leader { me: self.me.id, number }).await
    }

    /// Gives the lease back, once what the groups have done is written.
    async fn leave(&self, held: Held) {
        self.node.leadership.set(Standing::Open);
        self.node.persistent.stop().await;
        self.give_back(held).await;
    }

    async fn give_back(&self, held: Held) {
        self.node.leadership.set(Standing::Open);
        let given_back = async {
            let free = Record::new(&self.me, held.number, Duration::ZERO);
            self.node.store.put_state(free.put(StateExpected::Revision(held.revision))?).await
        };
        let given_back = time::timeout(self.promised, given_back).await;
        // Not given back, it is free after its time; taken over, it is somebody else's.
        if let Err(error) = given_back.unwrap_or_else(|_| Err(silent())) {
            tracing::debug!(%error, "the lease on the groups of consumers is not given back");
        }
    }
}

fn silent() -> Error {
    Error::new(ErrorKind::Unavailable, "the store did not answer in time")
}

/// Nothing is waited for but the time.
async fn wait_until(moment: Instant) {
    drop(time::timeout_at(moment.into(), std::future::pending::<()>()).await);
}
