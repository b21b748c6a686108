//! Files in memory of which one operation fails, and all after it if so wished, or that have no
//! more room for a while.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use annals_engine::storage::{MemoryStorage, Storage, StorageFile};
use bytes::Bytes;

/// What happens when the operation's turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The process stops: nothing is done from here on. A write is done by half.
    Stop,
    /// This one operation answers with an error.
    Once(io::ErrorKind),
}

/// Files in memory of which one operation fails. Only operations that change something count.
#[derive(Debug)]
pub(crate) struct FailingStorage {
    files: Arc<MemoryStorage>,
    plan: Arc<Plan>,
}

#[derive(Debug)]
struct Plan {
    failure: Failure,
    /// The number of the operation that fails, from 0.
    at: AtomicU64,
    done: AtomicU64,
    /// Whether there is no room for anything that is not there yet.
    is_full: AtomicBool,
}

#[derive(Debug)]
struct FailingFile {
    file: Arc<dyn StorageFile>,
    plan: Arc<Plan>,
}

impl FailingStorage {
    pub(crate) fn new(files: &Arc<MemoryStorage>, at: u64, failure: Failure) -> Arc<Self> {
        let (at, done, is_full) = (AtomicU64::new(at), AtomicU64::new(0), AtomicBool::new(false));
        let plan = Arc::new(Plan { failure, at, done, is_full });
        Arc::new(Self { files: Arc::clone(files), plan })
    }

    /// Lets the operation fail that comes after the next `skip` ones.
    pub(crate) fn fail_after(&self, skip: u64) {
        self.plan.at.store(self.operations() + skip, Ordering::SeqCst);
    }

    /// Takes all the room, or gives it back.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.plan.is_full.store(is_full, Ordering::SeqCst);
    }

    /// How many operations there were.
    pub(crate) fn operations(&self) -> u64 {
        self.plan.done.load(Ordering::SeqCst)
    }

    fn wrap(&self, file: Arc<dyn StorageFile>) -> Arc<dyn StorageFile> {
        Arc::new(FailingFile { file, plan: Arc::clone(&self.plan) })
    }
}

impl Plan {
    fn step(&self) -> io::Result<()> {
        let number = self.done.fetch_add(1, Ordering::SeqCst);
        let at = self.at.load(Ordering::SeqCst);
        match self.failure {
            Failure::Stop if number >= at => Err(io::Error::other("stopped")),
            Failure::Once(kind) if number == at => Err(kind.into()),
            _ => Ok(()),
        }
    }

    /// Whether so many bytes more have room.
    fn take(&self, bytes: u64) -> io::Result<()> {
        if bytes > 0 && self.is_full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn is_the_last(&self) -> bool {
        self.failure == Failure::Stop
            && self.done.load(Ordering::SeqCst) == self.at.load(Ordering::SeqCst) + 1
    }
}

impl Storage for FailingStorage {
    fn create_dir(&self, dir: &str) -> io::Result<()> {
        self.plan.step()?;
        self.files.create_dir(dir)
    }

    fn create(&self, path: &str, len: u64) -> io::Result<Arc<dyn StorageFile>> {
        self.plan.step()?;
        self.plan.take(len)?;
        Ok(self.wrap(self.files.create(path, len)?))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        Ok(self.wrap(self.files.open(path)?))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.files.list(dir)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.plan.step()?;
        self.files.remove(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.plan.step()?;
        self.files.rename(from, to)
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        self.plan.step()?;
        self.files.sync_dir(dir)
    }

    fn lock(&self, path: &str, holder: &str) -> io::Result<Box<dyn Send + Sync>> {
        self.plan.step()?;
        self.files.lock(path, holder)
    }
}

impl StorageFile for FailingFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let step = self.plan.step();
        if step.is_err() && self.plan.is_the_last() {
            self.file.write_at(offset, &bytes[..bytes.len() / 2])?;
        }
        step?;
        let end = offset + bytes.len() as u64;
        self.plan.take(end.saturating_sub(self.file.size()?))?;
        self.file.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.plan.step()?;
        self.file.sync()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.plan.step()?;
        self.file.set_len(len)
    }

    fn map(&self, len: u64) -> io::Result<Bytes> {
        self.file.map(len)
    }
}
