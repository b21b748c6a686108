//! The embedded engine as the suite sees it: in a real folder with the segments of production,
//! and in memory with segments so small that nearly everything is read from sealed ones.

use std::sync::Arc;

use annals_core::{Backend, Clock, Error, ErrorKind, Result};
use annals_engine::{
    Embedded, Options,
    storage::{MemoryStorage, Storage},
};
use annals_testkit::{Harness, Place};
use tempfile::TempDir;

/// A folder of the machine.
#[derive(Debug)]
pub(crate) struct InFolder;

/// Tiny segments, and a disk that costs nothing.
#[derive(Debug)]
pub(crate) struct TinySegments;

#[derive(Debug)]
struct Folder {
    dir: TempDir,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct InMemory {
    storage: Arc<dyn Storage>,
    index: TempDir,
    clock: Arc<dyn Clock>,
}

fn folder() -> Result<TempDir> {
    tempfile::tempdir().map_err(|error| {
        Error::new(ErrorKind::Unavailable, "no folder for a test").caused_by(error)
    })
}

impl Harness for InFolder {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        Ok(Box::new(Folder { dir: folder()?, clock }))
    }
}

impl Place for Folder {
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let options = Options { clock: Arc::clone(&self.clock), ..Options::default() };
        Ok(Arc::new(Embedded::open(self.dir.path(), options)?))
    }
}

impl Harness for TinySegments {
    fn name(&self) -> &'static str {
        "embedded-tiny"
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        let storage = Arc::new(MemoryStorage::new());
        Ok(Box::new(InMemory { storage, index: folder()?, clock }))
    }
}

impl Place for InMemory {
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let options = Options {
            clock: Arc::clone(&self.clock),
            segment_bytes_first: 1_024,
            segment_bytes_max: 16 * 1_024,
            index_cache_bytes: 64 * 1_024,
            ..Options::default()
        };
        let index_dir = self.index.path().join("index");
        let store = Embedded::open_with(Arc::clone(&self.storage), index_dir, options)?;
        Ok(Arc::new(store))
    }
}
