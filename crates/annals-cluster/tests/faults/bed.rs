//! Where a round happens: three servers, the log on them, the nodes and their folders.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use annals_cluster::{
    Cluster, Genesis, Options, Settings, begin,
    log::{JetStreamLog, OrderedLog},
    setup::{Replicas, Setup, init},
    url::Target,
};
use annals_core::Result;
use annals_testbed::nats;
use futures_lite::future::block_on;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    cases::Cannot,
    disk::SmallDisk,
    lossy::Lossy,
    other::Other,
    seats::{C, NAMES, Seats},
    volume::Volume,
};

/// The name of the store.
const STORE: &str = "faults";
/// How long a write waits for its answer: less than an election takes, so that answers are missing.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Far more than it takes to make a log on a busy machine.
const PATIENCE: Duration = Duration::from_secs(100);
/// Small segments, so that a short round fills some.
const SEGMENT_BYTES: [u32; 2] = [128 * 1024, 512 * 1024];

/// What is special about a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Nothing.
    Usual,
    /// Node `c` knows server 0 alone, and the other nodes the other two.
    Apart,
    /// The log of the nodes `a` and `b` loses answers.
    Lossy,
    /// Node `c` has a small disk of its own.
    SmallDisk,
    /// The servers and node `c` have disks that can lose their power, and the servers sync before
    /// they answer.
    OwnDisks,
}

/// Where a round happens. Everything in it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Bed {
    pub(crate) seats: Arc<Seats>,
    pub(crate) disk: Option<SmallDisk>,
    /// The disks of the servers, and of node `c`.
    volumes: Vec<Volume>,
    pub(crate) setting: Setting,
    pub(crate) runtime: Runtime,
    pub(crate) servers: nats::Cluster,
    dir: TempDir,
}

impl Bed {
    /// Starts servers and nodes.
    ///
    /// # Errors
    /// Why it cannot be done on this machine.
    pub(crate) fn start(setting: Setting) -> std::result::Result<Self, Cannot> {
        let dir = tempfile::tempdir().unwrap();
        let disk = match setting {
            Setting::SmallDisk => Some(SmallDisk::mount(&dir.path().join(NAMES[C]))?),
            _ => None,
        };
        let (servers, volumes) = match setting {
            Setting::OwnDisks => on_own_disks(dir.path())?,
            _ => (nats::Cluster::start(&nats::Options::default()).unwrap(), Vec::new()),
        };
        let runtime = Runtime::new().unwrap();
        let seats = Arc::new(Seats::new(Vec::new()));
        let mut bed = Self { seats, disk, volumes, setting, runtime, servers, dir };
        bed.begin();
        let here = (0..C).map(|seat| bed.open(seat).unwrap()).collect();
        bed.seats = Arc::new(Seats::new(here));
        bed.start_other().unwrap();
        Ok(bed)
    }

    fn begin(&self) {
        let [segment_bytes_first, segment_bytes_max] = SEGMENT_BYTES;
        let genesis = Genesis { segment_bytes_first, segment_bytes_max, ..Genesis::new() };
        let target = self.target("a");
        let setup = Setup { replicas: Replicas::Three, bytes_max: None };
        // On a busy machine there may be no leader for a while.
        let made = async move {
            while init(&target, &setup).await.is_err() {}
            let log = JetStreamLog::connect(&target, "begin").await.unwrap();
            while begin(&log, &genesis).await.is_err() {}
        };
        self.on_runtime(async move { tokio::time::timeout(PATIENCE, made).await })
            .expect("the log is made");
    }

    /// Runs something to its end where connections live.
    pub(crate) fn on_runtime<T: Send + 'static>(
        &self,
        doing: impl Future<Output = T> + Send + 'static,
    ) -> T {
        block_on(self.runtime.spawn(doing)).unwrap()
    }

    /// The folder of a node.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        let is_apart = self.setting == Setting::Apart;
        let servers: &[usize] = match name {
            "c" if is_apart => &[0],
            "a" | "b" if is_apart => &[1, 2],
            _ => &[0, 1, 2],
        };
        let hosts = servers.iter().map(|server| self.servers.url(*server).replace("nats://", ""));
        let hosts = hosts.collect::<Vec<_>>().join(",");
        let (dir, seconds) = (self.folder(name), TIMEOUT.as_secs());
        format!("nats://{hosts}/{STORE}?dir={}&node={name}&timeout={seconds}s", dir.display())
    }

    pub(crate) fn target(&self, name: &str) -> Target {
        self.url(name).parse().unwrap()
    }

    /// The name of the stream that is the log.
    pub(crate) fn stream(&self) -> String {
        self.target("a").store().stream()
    }

    /// The log as it is.
    pub(crate) fn log(&self) -> Arc<dyn OrderedLog> {
        let target = self.target("script");
        self.on_runtime(
            async move { Arc::new(JetStreamLog::connect(&target, "script").await.unwrap()) },
        )
    }

    fn open(&self, seat: usize) -> Result<Cluster> {
        if self.setting != Setting::Lossy {
            return self.open_named(NAMES[seat]);
        }
        self.open_on(Arc::new(Lossy::new(self.log())), NAMES[seat])
    }

    /// Opens a node in this process on another log.
    pub(crate) fn open_on(&self, log: Arc<dyn OrderedLog>, name: &str) -> Result<Cluster> {
        let settings = Settings {
            store: STORE.to_owned(),
            dir: self.folder(name),
            name: Some(name.to_owned()),
            timeout: TIMEOUT,
            clock: None,
            progress: None,
        };
        block_on(Cluster::start(log, settings))
    }

    /// Opens a node in this process, on the folder of its name.
    pub(crate) fn open_named(&self, name: &str) -> Result<Cluster> {
        block_on(Cluster::open_target(&self.target(name), Options::default()))
    }

    /// Starts node `c` on its folder.
    ///
    /// # Errors
    /// What it says when it does not start.
    pub(crate) fn start_other(&self) -> Result<(), String> {
        let other = Other::start(&self.url(NAMES[C]))?;
        self.seats.set_other(Some(other));
        Ok(())
    }

    /// Kills node `c` with SIGKILL, wherever it is.
    pub(crate) fn kill_other(&self) {
        self.seats.set_other(None).unwrap().kill();
    }

    /// Ends node `c` in order.
    pub(crate) fn close_other(&self) {
        self.seats.set_other(None).unwrap().close();
    }

    /// Has the servers and node `c` lose their power: they do nothing more, and what they had not
    /// synced is gone.
    pub(crate) fn lose_power(&mut self) {
        for server in 0..3 {
            self.servers.pause(server).unwrap();
        }
        self.kill_other();
        Volume::lose_power(&self.volumes);
        self.servers.kill_all().unwrap();
    }

    /// Gives the power back, and starts what has lost it.
    pub(crate) fn restore_power(&mut self) {
        self.volumes.iter().for_each(Volume::restore_power);
        self.heal();
    }

    /// Undoes everything that was done to servers, and starts what does not run.
    pub(crate) fn heal(&mut self) {
        self.servers.heal();
        for server in 0..3 {
            self.servers.restore_clients(server);
        }
        self.servers.restart_all().unwrap();
        self.servers.wait_ready().unwrap();
        if self.seats.other().is_none() {
            self.start_other().unwrap();
        }
    }
}

/// Starts servers that sync before they answer, each on a disk of its own; also a disk for node `c`.
fn on_own_disks(dir: &Path) -> std::result::Result<(nats::Cluster, Vec<Volume>), Cannot> {
    let sync = nats::Sync::Always;
    let options = nats::Options { sync, ..nats::Options::default() };
    let mut servers = nats::Cluster::start(&options).unwrap();
    servers.kill_all().unwrap();
    let mut folders: Vec<_> = (0..3).map(|server| servers.folder(server)).collect();
    folders.push(dir.join(NAMES[C]));
    let disks = folders.into_iter().zip(["0", "1", "2", NAMES[C]]);
    let made = disks.map(|(at, name)| Volume::make(dir.join(format!("disk-{name}")), at));
    let volumes = made.collect::<std::result::Result<_, _>>()?;
    servers.restart_all().unwrap();
    servers.wait_ready().unwrap();
    Ok((servers, volumes))
}

/// Copies a folder that nobody writes to.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(path, to).unwrap();
        }
    }
}

/// Puts a copy of a folder in its place.
pub(crate) fn put_back(copied: &Path, to: &Path) {
    std::fs::remove_dir_all(to).unwrap();
    copy(copied, to);
}
