//! Starting a node.

use std::{
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use annals_core::{Clock, Error, ErrorKind, Result};
use annals_engine::{Embedded, Engine, Replica};
use futures_lite::StreamExt;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    Node, Running,
    applier::Applier,
    counts::Counts,
    ends::{self, Place},
    identity::{Identity, store_dir},
    peers::Peers,
    pending::Pending,
    proposer::Proposer,
    recent::reads_from,
    status::Status,
    tasks::{self, Teller},
};
use crate::{
    entry::{Genesis, Kind, Message, led},
    log::{Extent, Logged, OrderedLog},
    threads::Threads,
};

/// Requests of callers that may wait to be published before callers wait to hand theirs in.
const REQUESTS: usize = 4_096;
/// Messages that may wait to be applied; each may be as large as the log takes them.
const DELIVERIES: usize = 64;
/// How often a node that catches up says how far it is.
const SAID_EVERY: Duration = Duration::from_secs(2);

/// What a node is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the store in its cluster.
    pub store: String,
    /// The folder in which the node keeps its data.
    pub dir: PathBuf,
    /// What people call the node; the name that its folder has, or a made-up one, when absent.
    pub name: Option<String>,
    /// How long a write waits at most to be stored, and a reader for what it asks for.
    pub timeout: Duration,
    /// What tells the time of writes through this node instead of the log, and of readers that ask
    /// how old events are. For tests.
    pub clock: Option<Arc<dyn Clock>>,
    /// Told how far the node is while it catches up with the log.
    pub progress: Option<Progress>,
}

/// Is told the last entry that was applied, and the last there is.
#[derive(Clone)]
pub struct Progress(pub Arc<dyn Fn(u64, u64) + Send + Sync>);

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

impl Node {
    /// Starts a node on a log and waits until it has applied all that the log had at the
    /// beginning, so that readers never see less than before a restart. `threads` are ended with
    /// the node.
    ///
    /// # Errors
    /// `InvalidArgument` when the log was never begun or the folder holds something else;
    /// `Corrupted` when the log is not the one that the node has applied, or has lost entries;
    /// `Unavailable`; those of opening an engine.
    pub(crate) async fn start(
        log: Arc<dyn OrderedLog>,
        settings: Settings,
        threads: Threads,
    ) -> Result<Self> {
        let extent = led(log.as_ref()).await?;
        let identity = identify(log.as_ref(), &settings, extent).await?;
        let (dir, mut options) = (store_dir(&settings.dir), identity.genesis.options());
        if let Some(clock) = &settings.clock {
            options.clock = Arc::clone(clock);
        }
        let opened = blocking::unblock(move || Engine::open_replica(dir, &options));
        let (engine, replica) = opened.await.map_err(advised)?;
        let from = check(&replica, extent)?;
        let begun = Begun { log, engine: engine.into(), replica, identity, from };
        let node = begun.assemble(&settings, threads)?;
        node.catch_up_from_start(extent.last, settings.progress).await?;
        Ok(node)
    }

    async fn catch_up_from_start(&self, last: u64, progress: Option<Progress>) -> Result<()> {
        let said = Mutex::new(Instant::now());
        let tell = |status: &Status| {
            let applied = status.applied();
            let mut said = said.lock();
            if said.elapsed() >= SAID_EVERY {
                *said = Instant::now();
                tracing::info!(applied, last, "the node catches up with the log");
            }
            if let Some(Progress(tell)) = &progress {
                tell(applied, std::cmp::max(last, applied));
            }
        };
        self.status
            .until(|status| {
                tell(status);
                status.applied() >= last
            })
            .await
            // The reason itself, because nobody has the node yet.
            .map_err(|error| self.status.halted().cloned().unwrap_or(error))
    }
}

/// Who the node is; who it is to be, where its folder is new.
async fn identify(log: &dyn OrderedLog, settings: &Settings, extent: Extent) -> Result<Identity> {
    let dir = settings.dir.clone();
    let known = blocking::unblock(move || Identity::read(&dir)).await?;
    if extent.last == 0 {
        return Err(Error::invalid(format!(
            "the log of the store `{}` has not been begun; begin it with `annals cluster init`",
            settings.store
        )));
    }
    let genesis = if extent.first == 1 { Some(genesis(log).await?) } else { None };
    if let Some(mut identity) = known {
        identity.check_store(&settings.store)?;
        if genesis.is_some_and(|genesis| genesis != identity.genesis) {
            let message = "the log was begun anew since this node was made; move the node's \
                           folder away, so that the node is made again from the log";
            return Err(Error::new(ErrorKind::Corrupted, message));
        }
        identity.name = settings.name.clone().unwrap_or(identity.name);
        return Ok(identity);
    }
    let Some(genesis) = genesis else { return Err(too_late(1, extent.first)) };
    let (node, _) = Uuid::new_v4().as_u64_pair();
    let name = settings.name.clone().unwrap_or_else(|| Identity::made_up(node));
    let identity = Identity { node, name, store: settings.store.clone(), genesis };
    let (written, dir) = (identity.clone(), settings.dir.clone());
    blocking::unblock(move || written.write(&dir)).await?;
    Ok(identity)
}

async fn genesis(log: &dyn OrderedLog) -> Result<Genesis> {
    let first = log.follow(1).next().await.transpose()?;
    let missing = || Error::new(ErrorKind::Unavailable, "the log does not give its first entry");
    let Logged { sequence, message, .. } = first.ok_or_else(missing)?;
    let message = Message::decode(sequence, &message)?;
    if message.header.kind != Kind::Genesis {
        let why = "the log does not begin with what a store needs; was it made by another program?";
        return Err(Error::new(ErrorKind::Corrupted, why));
    }
    Genesis::read(&message.body)
}

/// Where the node has to begin to read, when the log fits its store.
fn check(replica: &Replica, extent: Extent) -> Result<u64> {
    let applied = replica.newest().map_or(0, |newest| newest.entry);
    if applied > extent.last {
        return Err(tasks::lost(extent.last, applied));
    }
    // The newest commit's entry may have to be gone on with.
    let from = reads_from(applied.saturating_sub(1));
    if from < extent.first {
        return Err(too_late(from, extent.first));
    }
    Ok(from)
}

/// What to do about a store that is damaged: a node need not repair it, because the log has it.
fn advised(error: Error) -> Error {
    if error.kind() != ErrorKind::Corrupted {
        return error;
    }
    let message = format!(
        "this node's store is damaged: {}; move the node's folder away, so that the node is made \
         again from the log or from a backup of another node",
        error.message()
    );
    let same = error.context().iter().cloned();
    let advised = Error::new(error.kind(), message).during(error.operation());
    same.fold(advised, |advised, (name, value)| advised.with(name, value)).caused_by(error)
}

/// The log's beginning is gone.
fn too_late(needed: u64, first: u64) -> Error {
    let message = format!(
        "the log begins at entry {first} by now, and this node needs it from entry {needed} on; \
         start it from a backup of another node: see `annals cluster add-node --help`"
    );
    Error::new(ErrorKind::Corrupted, message).with("first", first)
}

/// Everything that a node is put together from.
struct Begun {
    log: Arc<dyn OrderedLog>,
    engine: Embedded,
    replica: Replica,
    identity: Identity,
    /// The entry to follow the log from.
    from: u64,
}

impl Begun {
    fn assemble(self, settings: &Settings, threads: Threads) -> Result<Node> {
        let Self { log, engine, replica, identity, from } = self;
        let (status, pending) = (Arc::<Status>::default(), Arc::<Pending>::default());
        let (counts, address) = (Arc::<Counts>::default(), Arc::default());
        let peers = Arc::new(Peers::new(identity.node));
        let (requests, to_propose) = async_channel::bounded(REQUESTS);
        let (followed, deliveries) = async_channel::bounded(DELIVERIES);
        let (asking_end, asked_end) = async_channel::unbounded();
        let (asking_mark, asked_mark) = async_channel::unbounded();
        let (session, _) = Uuid::new_v4().as_u64_pair();
        let applier = Applier::new(
            replica,
            Arc::clone(&status),
            Arc::clone(&pending),
            session,
            identity.node,
        );
        let delivered = deliveries.clone();
        let applier = thread::Builder::new()
            .name("annals-apply".to_owned())
            .spawn(move || applier.run(&delivered))
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "cannot start a thread").caused_by(error)
            })?;
        let proposer = Arc::new(Proposer {
            log: Arc::clone(&log),
            status: Arc::clone(&status),
            pending: Arc::clone(&pending),
            counts: Arc::clone(&counts),
            node: identity.node,
            session,
            clock: settings.clock.clone(),
            number: 0.into(),
        });
        let teller = Teller {
            log: Arc::clone(&log),
            identity: identity.clone(),
            status: Arc::clone(&status),
            address: Arc::clone(&address),
            proposer: Arc::clone(&proposer),
        };
        let tasks_on = threads.handle().clone();
        let others = vec![
            tasks_on.spawn(tasks::follow(Arc::clone(&log), from, followed)),
            tasks_on.spawn(teller.run()),
            tasks_on.spawn(ends::run(Arc::clone(&proposer), Place::End, asked_end)),
            tasks_on.spawn(ends::run(Arc::clone(&proposer), Place::Mark, asked_mark)),
            tasks_on.spawn(tasks::listen(Arc::clone(&log), Arc::clone(&peers))),
        ];
        let proposer = tasks_on.spawn(proposer.run(to_propose));
        let running = Mutex::new(Some(Running { proposer, others, applier, threads }));
        let timeout = settings.timeout;
        Ok(Node {
            engine,
            log,
            identity,
            status,
            pending,
            counts,
            peers,
            address,
            requests,
            asking_end,
            asking_mark,
            deliveries,
            timeout,
            running,
        })
    }
}
