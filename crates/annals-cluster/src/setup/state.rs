//! How it stands with a log.

use annals_core::Result;
use serde::Deserialize;

use crate::{
    log::{
        Extent, JetStreamLog,
        jetstream::api::{MISSING, Unheard},
    },
    url::Target,
};

/// How it stands with a log, as its leader knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// The version of the server that answered.
    pub version: String,
    /// The servers that keep the log, the leader first.
    pub replicas: Vec<Replica>,
    /// How many servers are to keep it.
    pub replicas_wanted: u64,
    /// Where it begins and ends, and its bytes.
    pub extent: Extent,
    /// How many messages it has.
    pub messages: u64,
}

/// A server that keeps a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Its name.
    pub server: String,
    /// Whether it orders the messages.
    pub leader: bool,
    /// Whether it has what was acknowledged.
    pub current: bool,
    /// Whether it is there.
    pub online: bool,
    /// How many entries it is behind.
    pub lag: u64,
}

#[derive(Deserialize)]
struct Info {
    config: Config,
    state: State,
    cluster: Option<Cluster>,
}

#[derive(Deserialize)]
struct Config {
    num_replicas: u64,
    #[serde(default)]
    max_bytes: i64,
}

#[derive(Deserialize)]
struct State {
    messages: u64,
    bytes: u64,
    first_seq: u64,
    last_seq: u64,
}

#[derive(Deserialize)]
struct Cluster {
    leader: Option<String>,
    #[serde(default)]
    replicas: Vec<Peer>,
}

#[derive(Deserialize)]
struct Peer {
    name: String,
    #[serde(default)]
    current: bool,
    #[serde(default)]
    offline: bool,
    #[serde(default)]
    lag: u64,
}

/// Asks how it stands with the log of a store.
///
/// # Errors
/// `InvalidArgument` when there is no such log; `Timeout` or `Unavailable` while it has no leader; as
/// [`JetStreamLog::connect`].
pub async fn state(target: &Target) -> Result<LogState> {
    let log = JetStreamLog::connect(target, "state").await?;
    of(&log).await.map_err(|unheard| log.api.explain(&unheard))
}

/// The same, where there may be no log, and the servers may only be starting: it waits up to 5 s
/// until one takes a connection, and up to 20 s until they have a leader.
///
/// # Errors
/// As [`state`], but for a log that was not made.
pub async fn find(target: &Target) -> Result<Option<LogState>> {
    let log = JetStreamLog::connect_to_starting(target, "state").await?;
    match log.api.ask_until_led(&subject(&log), &[]).await {
        Ok(info) => Ok(Some(told(&log, info))),
        Err(Unheard::Denied(denial)) if denial.number == MISSING => Ok(None),
        Err(unheard) => Err(log.api.explain(&unheard)),
    }
}

pub(super) async fn of(log: &JetStreamLog) -> Result<LogState, Unheard> {
    let patience = std::time::Duration::from_secs(2);
    Ok(told(log, log.api.ask(subject(log), Vec::new(), patience).await?))
}

fn subject(log: &JetStreamLog) -> String {
    format!("$JS.API.STREAM.INFO.{}", log.api.stream)
}

fn told(log: &JetStreamLog, info: Info) -> LogState {
    let server = log.client().server_info();
    let Info { config, state, cluster } = info;
    let leader = match &cluster {
        Some(cluster) => cluster.leader.clone(),
        None => Some(server.server_name),
    };
    let leads = |server| Replica { server, leader: true, current: true, online: true, lag: 0 };
    let mut replicas: Vec<_> = leader.map(leads).into_iter().collect();
    replicas.extend(cluster.into_iter().flat_map(|cluster| cluster.replicas).map(|peer| Replica {
        server: peer.name,
        leader: false,
        current: peer.current,
        online: !peer.offline,
        lag: peer.lag,
    }));
    LogState {
        version: server.version,
        replicas,
        replicas_wanted: config.num_replicas,
        extent: Extent {
            first: state.first_seq.max(1).min(state.last_seq + 1),
            last: state.last_seq,
            bytes: state.bytes,
            bytes_max: u64::try_from(config.max_bytes).ok().filter(|bytes| *bytes > 0),
        },
        messages: state.messages,
    }
}
