//! The disk behind a small trait: the only code of the engine that touches the operating system.
//!
//! Paths are relative to the store's folder and use `/`. Implementations: [`FileStorage`] (the
//! real one), [`MemoryStorage`] (for tests and tools); the testkit adds one that injects faults.
//! The LSM tree of the index does its own file I/O and is not behind this trait; the engine treats
//! it as a cache that may be stale, damaged or missing.

mod file;
mod memory;

use std::{fmt, io, sync::Arc, time::Instant};

use annals_core::Histogram;
use bytes::Bytes;

pub use file::FileStorage;
pub use memory::MemoryStorage;

/// A folder of files.
pub trait Storage: Send + Sync + fmt::Debug + 'static {
    /// Makes sure that a folder exists and is itself durable.
    ///
    /// # Errors
    /// Those of the operating system.
    fn create_dir(&self, dir: &str) -> io::Result<()>;

    /// Creates a file of `len` zero bytes, with its space really allocated. Neither the file nor
    /// its name is durable before [`StorageFile::sync`] and [`sync_dir`](Self::sync_dir).
    ///
    /// # Errors
    /// `AlreadyExists`; `StorageFull`, after which no file is left behind.
    fn create(&self, path: &str, len: u64) -> io::Result<Arc<dyn StorageFile>>;

    /// Opens a file for reading and writing, or for reading only where that is all the
    /// permissions allow.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`.
    fn open(&self, path: &str) -> io::Result<Arc<dyn StorageFile>>;

    /// The names of what is in a folder, in no order; empty when there is no such folder.
    ///
    /// # Errors
    /// Those of the operating system.
    fn list(&self, dir: &str) -> io::Result<Vec<String>>;

    /// Removes a file. Open handles stay usable.
    ///
    /// # Errors
    /// `NotFound`.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Gives a file a new name, replacing the file that has it.
    ///
    /// # Errors
    /// `NotFound`.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// Those of the operating system.
    fn sync_dir(&self, dir: &str) -> io::Result<()>;

    /// Takes the store for this process until the guard is dropped. `holder` is written down for
    /// whoever comes second.
    ///
    /// # Errors
    /// `WouldBlock` with the holder's text as the message, when another process (or another
    /// engine of this process) has it.
    fn lock(&self, path: &str, holder: &str) -> io::Result<Box<dyn Send + Sync>>;
}

/// Makes a file durable, and counts how many nanoseconds that took. Nothing else may depend on it.
pub(crate) fn timed_sync(file: &dyn StorageFile, nanos: &Histogram) -> io::Result<()> {
    let begun = Instant::now();
    let synced = file.sync();
    nanos.record(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
    synced
}

/// An open file.
pub trait StorageFile: Send + Sync + fmt::Debug {
    /// Its length in bytes.
    ///
    /// # Errors
    /// Those of the operating system.
    fn size(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`. Not durable before [`sync`](Self::sync).
    ///
    /// # Errors
    /// `StorageFull` and others; what was written then is undefined.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written so far durable.
    ///
    /// # Errors
    /// After an error nothing is known about what was not durable before; syncing again proves
    /// nothing.
    fn sync(&self) -> io::Result<()>;

    /// Cuts the file or extends it with zeros.
    ///
    /// # Errors
    /// Those of the operating system.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// The first `len` bytes as shared memory. The caller promises that they do not change as long
    /// as it is held.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file is shorter.
    fn map(&self, len: u64) -> io::Result<Bytes>;
}
