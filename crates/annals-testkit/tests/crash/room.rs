//! Room for a store on a disk that fails: the disk, a folder for the index, and the clock.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use annals_core::{Backend, ManualClock, Result, Timestamp};
use annals_engine::{Embedded, Options};
use annals_testkit::faults::FaultStorage;
use tempfile::TempDir;

use crate::workload::Step;

/// A disk, an index and a clock.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) disk: FaultStorage,
    index: TempDir,
    clock: Arc<ManualClock>,
}

/// When the first step is taken; each next one a second later.
pub(crate) fn time_of(step: usize) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + step as i64 * 1_000_000)
}

impl Room {
    pub(crate) fn new(disk: FaultStorage) -> Self {
        let index = tempfile::tempdir().expect("there is room for an index");
        Self { disk, index, clock: Arc::new(ManualClock::at(time_of(0))) }
    }

    pub(crate) fn index_dir(&self) -> PathBuf {
        self.index.path().join("index")
    }

    /// Opens the store, with segments so small that a few commits fill one.
    pub(crate) fn open(&self) -> Result<Embedded> {
        let options = options(Arc::<ManualClock>::clone(&self.clock));
        Embedded::open_with(Arc::new(self.disk.clone()), self.index_dir(), options)
    }

    /// Another room with the same files and the same index.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new(FaultStorage::with_contents(self.disk.contents()));
        copy.take_index_of(self);
        copy
    }

    /// Takes over a copy of another room's index, if that has one.
    pub(crate) fn take_index_of(&self, other: &Self) {
        if other.index_dir().exists() {
            copy_folder(&other.index_dir(), &self.index_dir()).expect("the index can be copied");
        }
    }

    /// Takes steps from a number on until one fails for another reason than a refusal; gives how
    /// many were answered.
    pub(crate) fn run(&self, store: &dyn Backend, steps: &[Step], from: usize) -> usize {
        run(store, &self.clock, steps, from)
    }
}

/// Takes steps on a store with a clock; see [`Room::run`].
pub(crate) fn run(store: &dyn Backend, clock: &ManualClock, steps: &[Step], from: usize) -> usize {
    for (number, step) in steps.iter().enumerate().skip(from) {
        clock.set(time_of(number));
        match step.run(store) {
            Err(error) if !Step::is_refusal(error.kind()) => return number,
            _ => {}
        }
    }
    steps.len()
}

/// Opens a store in a folder of the machine, with the same small segments.
pub(crate) fn open_folder(folder: &Path) -> Result<(Embedded, Arc<ManualClock>)> {
    let clock = Arc::new(ManualClock::at(time_of(0)));
    let options = options(Arc::<ManualClock>::clone(&clock));
    Ok((Embedded::open(folder, options)?, clock))
}

fn options(clock: Arc<ManualClock>) -> Options {
    Options {
        clock,
        segment_bytes_first: 1_024,
        segment_bytes_max: 4_096,
        index_cache_bytes: 64 * 1_024,
        store_id: Some(uuid::Uuid::from_u128(7)),
        hash_seed: Some(7),
        ..Options::default()
    }
}

/// Copies a folder and what is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
