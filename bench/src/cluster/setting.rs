//! What the measurements share: servers, a node, the embedded engine with the same events, and
//! bare JetStream.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::Arc,
};

use annals_cluster::{
    Cluster, Genesis, Options, begin,
    log::JetStreamLog,
    setup::{Replicas, Setup, init},
    url::Target,
};
use annals_engine::Embedded;
use annals_testbed::nats;

use super::on_jetstream::{Form, OnJetstream};
use crate::{
    contest::{
        field::{self, Field, Ground, Match},
        fill::Fill,
        ours::Ours,
        store::{Contender, Deed},
    },
    engine::bench::Bench,
    problem::Result,
    suite,
};

pub(super) struct Setting {
    ours: Contender,
    embedded: Contender,
    one_message: Contender,
    one_for_each: Contender,
    ground: Ground,
    pub(super) node: Cluster,
    /// Servers are killed by one measurement.
    pub(super) servers: RefCell<nats::Cluster>,
    /// With the folder that everything is in; removed last.
    pub(super) bench: Bench,
}

impl Setting {
    /// Starts and fills everybody.
    pub(super) fn new(bench: Bench) -> Result<Self> {
        let sync = nats::Sync::Always;
        let servers = nats::Cluster::start(&nats::Options { sync, ..nats::Options::default() })?;
        let runtime = Ground::runtime()?;
        let dir = bench.dir().to_owned();
        let made = async {
            let target = target(&servers, &dir.join("node"))?;
            init(&target, &Setup { replicas: Replicas::Three, bytes_max: None }).await?;
            let log = JetStreamLog::connect(&target, "bench").await?;
            begin(&log, &Genesis::new()).await?;
            let node = Cluster::open_target(&target, Options::default()).await?;
            let of = |form| OnJetstream::make(log.client().clone(), form);
            Result::Ok((node, of(Form::OneMessage).await?, of(Form::OneForEach).await?))
        };
        let (node, one_message, one_for_each) = runtime.block_on(made)?;
        let ours: Contender = Arc::new(Ours::new("annals", Arc::new(node.clone())));
        let engine = Embedded::open(dir.join("embedded"), annals_engine::Options::default())?;
        let embedded = Ours::new("the embedded engine", Arc::new(engine)).with_target(of_embedded);
        let embedded: Contender = Arc::new(embedded);
        let filled = Fill::new(bench.scale.events / 10)?;
        let with_events = [Contender::clone(&ours), Contender::clone(&embedded)];
        let ground = Ground::fill(runtime, &bench.scale, filled, &with_events)?;
        Ok(Self {
            ours,
            embedded,
            one_message: Arc::new(one_message),
            one_for_each: Arc::new(one_for_each),
            ground,
            node,
            servers: RefCell::new(servers),
            bench,
        })
    }

    /// Names a node with its data in a folder.
    pub(super) fn target(&self, dir: &Path) -> Result<Target> {
        target(&self.servers.borrow(), dir)
    }

    /// A folder for another node.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.bench.dir().join(name)
    }
}

fn target(servers: &nats::Cluster, dir: &Path) -> Result<Target> {
    let hosts: Vec<_> = servers.urls().iter().map(|url| url.replace("nats://", "")).collect();
    let url = format!("nats://{}/bench?dir={}&timeout=60s", hosts.join(","), dir.display());
    Ok(url.parse()?)
}

/// Reads are local, so they are the same.
const fn of_embedded(deed: Deed) -> Option<f64> {
    match deed {
        Deed::Load | Deed::ReadAll | Deed::ReadTag | Deed::CatchUp => Some(0.9),
        _ => None,
    }
}

impl Field for Setting {
    fn ground(&self) -> &Ground {
        &self.ground
    }

    fn matches(&self, deed: Deed) -> Vec<Match> {
        let theirs: &[&Contender] = match deed {
            Deed::Load | Deed::ReadAll | Deed::ReadTag | Deed::CatchUp => &[&self.embedded],
            Deed::Lone | Deed::Crowd => &[&self.one_message, &self.one_for_each],
            Deed::Bulk => &[&self.one_message],
            Deed::Condition | Deed::Live => &[],
        };
        field::each(&self.ours, theirs)
    }
}

impl suite::Setting for Setting {
    fn about(&self) -> Option<String> {
        Some("three nats-servers 2.15.1 that sync before they answer, on the same machine".to_owned())
    }
}
