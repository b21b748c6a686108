//! What the measurements share: the scale, a folder on a real disk, and the stores built so far.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use annals_engine::{Engine, Options};
use tempfile::TempDir;

use super::{
    child::{self, Built},
    scale::Scale,
};
use crate::{
    counting::{Counted, CountingStorage},
    problem::Result,
    workload::Workload,
};

/// The seed of the events of shared stores.
pub(crate) const SHARED_SEED: u64 = 0xa11a15;

/// What the measurements share.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) scale: Scale,
    dir: TempDir,
    built: RefCell<BTreeMap<u64, Built>>,
}

impl Bench {
    /// Makes a folder for the stores: in `dir`, else beside this program, because that is a
    /// real disk where a folder for temporary files may be memory. It is removed at the end.
    pub(crate) fn new(scale: Scale, dir: Option<&Path>) -> Result<Self> {
        let beside = env::current_exe()?;
        let parent = dir.or(beside.parent()).ok_or("this program is in no folder; use --dir")?;
        let dir = tempfile::Builder::new().prefix("annals-bench-").tempdir_in(parent)?;
        Ok(Self { scale, dir, built: RefCell::default() })
    }

    /// The folder of all stores.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A new folder, removed when dropped.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        Ok(TempDir::new_in(self.dir())?)
    }

    /// A store of this many events, built in a process of its own when first asked for.
    pub(crate) fn store(&self, events: u64) -> Result<Built> {
        if let Some(built) = self.built.borrow().get(&events) {
            return Ok(built.clone());
        }
        let dir = self.dir().join(events.to_string());
        eprintln!("      building a store of {events} events");
        let built = child::start_build(&dir, events)?;
        self.built.borrow_mut().insert(events, built.clone());
        Ok(built)
    }

    /// The store that the reads share, open.
    pub(crate) fn shared(&self) -> Result<Engine> {
        Ok(Engine::open(self.store(self.scale.events)?.dir, Options::default())?)
    }

    /// What the engine writes for a commit of this many events, on average.
    pub(crate) fn bytes_of_commit(&self, events: u64) -> Result<usize> {
        const COMMITS: u64 = 20;
        let folder = self.folder()?;
        let storage = CountingStorage::new(folder.path());
        let counts = Arc::clone(&storage.counts);
        // One segment, so that nothing is sealed meanwhile.
        let options = Options { segment_bytes_first: 64 * 1024 * 1024, ..Options::default() };
        let index = folder.path().join("index");
        let engine = Engine::open_with(Arc::new(storage), index, options)?;
        let before = counts.now();
        let mut workload = Workload::new(1);
        for _ in 0..COMMITS {
            engine.append(if events == 1 {
                workload.append()?
            } else {
                workload.batch(events)?
            })?;
        }
        let Counted { bytes, writes, syncs } = counts.now() - before;
        if (writes, syncs) != (COMMITS, COMMITS) {
            let found = format!("{COMMITS} commits made {writes} writes and {syncs} syncs");
            return Err(format!("{found}, so the bare writer is no fair reference").into());
        }
        Ok(usize::try_from(bytes / COMMITS)?)
    }
}

/// The segments of a store and their sizes, in order.
pub(crate) fn segments(store: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(store.join("log"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "seg") {
            let size = fs::metadata(&path)?.len();
            found.push((path, size));
        }
    }
    found.sort();
    Ok(found)
}
