//! The segment prepared in advance: two threads have to do with it, and nothing may be lost
//! between them.

use std::{
    io,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use annals_engine::{
    Engine,
    storage::{MemoryStorage, Storage, StorageFile},
};
use bytes::Bytes;

use crate::support::*;

const SPARE: &str = "log/spare";
/// How long a thread waits for the other to come where it should not.
const PATIENCE: Duration = Duration::from_millis(300);

/// Files in memory that bring about the worst moment: while the first spare segment gets its name,
/// the thread that prepares them comes to prepare the next.
#[derive(Debug, Default)]
struct Worst {
    files: MemoryStorage,
    met: Arc<Met>,
}

#[derive(Debug, Default)]
struct Met {
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Counts {
    begun: u32,
    prepared: u32,
    taken: u32,
}

#[derive(Debug)]
struct WorstFile {
    file: Arc<dyn StorageFile>,
    met: Arc<Met>,
}

impl Met {
    fn note(&self, note: impl FnOnce(&mut Counts)) {
        note(&mut self.counts.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits until something was noted, or patience is at its end.
    fn wait_until(&self, noted: impl Fn(&Counts) -> bool) {
        let counts = self.counts.lock().unwrap();
        let waiting = |counts: &mut Counts| !noted(counts);
        drop(self.changed.wait_timeout_while(counts, PATIENCE, waiting).unwrap());
    }

    fn wrap(self: &Arc<Self>, file: Arc<dyn StorageFile>) -> Arc<dyn StorageFile> {
        Arc::new(WorstFile { file, met: Arc::clone(self) })
    }
}

impl Storage for Worst {
    fn create(&self, path: &str, len: u64) -> io::Result<Arc<dyn StorageFile>> {
        if path == SPARE {
            // The first is prepared late, when two full segments wait to be sealed.
            self.met.wait_until(|counts| counts.begun >= 3);
        }
        let file = self.files.create(path, len)?;
        if path == SPARE {
            self.met.note(|counts| counts.prepared += 1);
        }
        Ok(self.met.wrap(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        if from == SPARE {
            self.met.note(|counts| counts.taken += 1);
            let is_first = self.met.counts.lock().unwrap().taken == 1;
            if is_first {
                self.met.wait_until(|counts| counts.prepared >= 2);
            }
        }
        self.files.rename(from, to)?;
        self.met.note(|counts| counts.begun += 1);
        Ok(())
    }

    fn create_dir(&self, dir: &str) -> io::Result<()> {
        self.files.create_dir(dir)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        Ok(self.met.wrap(self.files.open(path)?))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        self.files.list(dir)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.files.remove(path)
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        self.files.sync_dir(dir)
    }

    fn lock(&self, path: &str, holder: &str) -> io::Result<Box<dyn Send + Sync>> {
        self.files.lock(path, holder)
    }
}

impl StorageFile for WorstFile {
    fn set_len(&self, len: u64) -> io::Result<()> {
        // Sealing goes on when the spare segment is being taken.
        self.met.wait_until(|counts| counts.taken >= 1);
        self.file.set_len(len)
    }

    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn map(&self, len: u64) -> io::Result<Bytes> {
        self.file.map(len)
    }
}

#[test]
fn a_segment_that_is_being_begun_is_not_prepared_anew() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Arc::new(Worst::default());
    let open = || {
        let storage = Arc::<Worst>::clone(&storage);
        Engine::open_with(storage, dir.path().join("index"), tiny()).unwrap()
    };
    let engine = open();
    for number in 0..60 {
        append(&engine, "a-1", number).unwrap();
    }
    engine.close().unwrap();
    assert_eq!(read_all(&open()).len(), 60);
}
