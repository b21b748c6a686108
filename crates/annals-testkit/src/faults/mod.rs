//! A disk that fails on request.
//!
//! It keeps two truths: what the running program sees, and what would be there after a power
//! loss. A write is only durable after the file's sync, a name only after the folder's. After a
//! crash, [`FaultStorage::restart`] decides by seed what became of everything in between: each
//! sector of 512 bytes has reached the disk in some state it went through, or is torn in the
//! middle of one; files end at some length they had; names were created, removed or given, or not.
//! The same seed gives the same disk.
//!
//! Operations that change the disk or make it durable are counted, and a [`Fault`] names one of
//! them by its number; so a test can count the operations of a workload first, and then fail each
//! of them in turn. Reads are counted by themselves.

mod disk;
mod file;
mod survive;

use std::{collections::BTreeMap, io, sync::Arc};

use annals_engine::storage::{Storage, StorageFile};
use disk::{Disk, Shared};
use file::FaultFile;

/// What goes wrong, and when. Operations and reads are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The machine stops in the middle of this operation; this and everything later fails.
    CrashAt(u64),
    /// This operation fails if it is a sync, else the next sync does. What it should have made
    /// durable may or may not be, and later syncs do not make up for it.
    FailSyncAt(u64),
    /// From this operation on there is no space for new bytes.
    FullFrom(u64),
    /// This read fails with an error of the device.
    FailReadAt(u64),
    /// This read finds the end of the file too early.
    ShortReadAt(u64),
}

/// A folder in memory that fails on request.
#[derive(Debug, Clone)]
pub struct FaultStorage {
    disk: Shared,
}

impl Default for FaultStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl FaultStorage {
    /// An empty folder without faults.
    #[must_use]
    pub fn new() -> Self {
        Self::with_contents(BTreeMap::new())
    }

    /// A folder with these files, all durable, without faults.
    #[must_use]
    pub fn with_contents(contents: BTreeMap<String, Vec<u8>>) -> Self {
        Self { disk: Shared::new(Disk::with_contents(contents)) }
    }

    /// A copy of every file as the running program sees it, by path.
    #[must_use]
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.disk.lock().contents()
    }

    /// Plans a fault. The one planned before is forgotten.
    pub fn plan(&self, fault: Fault) {
        self.disk.lock().fault = Some(fault);
    }

    /// Takes back what was planned.
    pub fn heal(&self) {
        self.disk.lock().fault = None;
    }

    /// How many operations there were that change the disk or make it durable.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.disk.lock().operations
    }

    /// How many reads there were.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.disk.lock().reads
    }

    /// Whether the machine has stopped.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.disk.lock().is_down
    }

    /// What is on the disk after a power loss now, as the seed decides. This storage stays as it
    /// is, so that one crash can be survived in many ways.
    #[must_use]
    pub fn restart(&self, seed: u64) -> Self {
        Self::with_contents(survive::power_loss(&self.disk.lock(), seed))
    }
}

impl Storage for FaultStorage {
    fn create_dir(&self, _dir: &str) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.begin()?;
        disk.finish(())
    }

    fn create(&self, path: &str, len: u64) -> io::Result<Arc<dyn StorageFile>> {
        let id = self.disk.lock().create(path, len)?;
        Ok(Arc::new(FaultFile::new(self.disk.clone(), id)))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let id = self.disk.lock().find(path)?;
        Ok(Arc::new(FaultFile::new(self.disk.clone(), id)))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.disk.lock().list(dir)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.lock().remove(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.lock().rename(from, to)
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        self.disk.lock().sync_dir(dir)
    }

    fn lock(&self, _path: &str, holder: &str) -> io::Result<Box<dyn Send + Sync>> {
        let held = self.disk.lock().take_lock(holder)?;
        Ok(Box::new(held))
    }
}

#[cfg(test)]
mod tests;
