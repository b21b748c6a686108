//! A storage that counts, to learn how much the engine writes and how often it syncs.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use annals_engine::storage::{FileStorage, Storage, StorageFile};
use bytes::Bytes;

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    bytes: AtomicU64,
    writes: AtomicU64,
    syncs: AtomicU64,
}

/// What was counted at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) bytes: u64,
    pub(crate) writes: u64,
    pub(crate) syncs: u64,
}

impl Counts {
    pub(crate) fn now(&self) -> Counted {
        let load = |count: &AtomicU64| count.load(Ordering::SeqCst);
        Counted { bytes: load(&self.bytes), writes: load(&self.writes), syncs: load(&self.syncs) }
    }
}

impl std::ops::Sub for Counted {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            bytes: self.bytes - before.bytes,
            writes: self.writes - before.writes,
            syncs: self.syncs - before.syncs,
        }
    }
}

/// Files of the operating system, counted.
#[derive(Debug)]
pub(crate) struct CountingStorage {
    files: FileStorage,
    pub(crate) counts: Arc<Counts>,
}

#[derive(Debug)]
struct CountingFile {
    file: Arc<dyn StorageFile>,
    counts: Arc<Counts>,
}

impl CountingStorage {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { files: FileStorage::new(dir), counts: Arc::default() }
    }

    fn counted(&self, file: Arc<dyn StorageFile>) -> Arc<dyn StorageFile> {
        Arc::new(CountingFile { file, counts: Arc::clone(&self.counts) })
    }
}

impl Storage for CountingStorage {
    fn create_dir(&self, dir: &str) -> io::Result<()> {
        self.files.create_dir(dir)
    }

    fn create(&self, path: &str, len: u64) -> io::Result<Arc<dyn StorageFile>> {
        Ok(self.counted(self.files.create(path, len)?))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        Ok(self.counted(self.files.open(path)?))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.files.list(dir)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.files.remove(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.files.rename(from, to)
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        self.files.sync_dir(dir)
    }

    fn lock(&self, path: &str, holder: &str) -> io::Result<Box<dyn Send + Sync>> {
        self.files.lock(path, holder)
    }
}

impl StorageFile for CountingFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.counts.bytes.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        self.counts.writes.fetch_add(1, Ordering::SeqCst);
        self.file.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.counts.syncs.fetch_add(1, Ordering::SeqCst);
        self.file.sync()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn map(&self, len: u64) -> io::Result<Bytes> {
        self.file.map(len)
    }
}
