//! Two servers, each on a node of its own of one cluster, whose log is on three servers of NATS.

use annals::cluster::{
    Genesis, begin,
    log::JetStreamLog,
    setup::{Replicas, Setup, init},
    url::Target,
};
use annals_testbed::{annals::Annals, nats};
use libtest_mimic::Failed;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The servers of one case. Those of ours end before the log does.
#[derive(Debug)]
pub(crate) struct Clustered {
    servers: [Annals; 2],
    _log: nats::Cluster,
    _folders: TempDir,
}

impl Clustered {
    /// Whether this machine has a program of NATS.
    pub(crate) fn is_possible() -> bool {
        nats::Installation::find().is_ok()
    }

    pub(crate) fn start() -> Result<Self, Failed> {
        let log = nats::Cluster::start(&nats::Options::default());
        let log = log.map_err(|problem| problem.to_string())?;
        let hosts: Vec<_> = log.urls().iter().map(|url| url.replace("nats://", "")).collect();
        let folders = tempfile::tempdir()?;
        let url = |node: &str| {
            let dir = folders.path().join(node);
            format!("nats://{}/shop?dir={}&node={node}", hosts.join(","), dir.display())
        };
        let target: Target = url("n1").parse()?;
        Runtime::new()?.block_on(async {
            init(&target, &Setup { replicas: Replicas::Three, bytes_max: None }).await?;
            begin(&JetStreamLog::connect(&target, "test").await?, &Genesis::new()).await
        })?;
        let server = |node| {
            let started = Annals::start_at(env!("CARGO_BIN_EXE_annals"), url(node), ["--insecure"]);
            started.map_err(|problem| problem.to_string())
        };
        let servers = [server("n1")?, server("n2")?];
        Ok(Self { servers, _log: log, _folders: folders })
    }

    /// The URL of each server.
    pub(crate) fn urls(&self) -> [String; 2] {
        let url = |server: &Annals| format!("annals://127.0.0.1:{}?tls=false", server.port());
        self.servers.each_ref().map(url)
    }

    /// `HOST:PORT=PID` of each server.
    pub(crate) fn told(&self) -> [String; 2] {
        let told = |server: &Annals| {
            format!("127.0.0.1:{}={}", server.port(), server.pid().unwrap_or_default())
        };
        self.servers.each_ref().map(told)
    }
}
