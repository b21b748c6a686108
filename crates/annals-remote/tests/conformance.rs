//! The conformance suite over the wire: a server in this process, over the store in memory and over
//! the embedded engine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    process::ExitCode,
    sync::{Arc, Mutex},
};

use annals_core::{Backend, Clock, MemoryBackend, Result};
use annals_engine::{Embedded, Options as EngineOptions};
use annals_remote::{Options, Remote};
use annals_testkit::{Harness, Place};
use futures_lite::future::block_on;
use served::Running;
use tempfile::TempDir;

mod served;

/// What a server has.
#[derive(Debug, Clone, Copy)]
enum Served {
    Memory,
    Folder,
}

/// Room for one store with the server in front of it.
#[derive(Debug)]
struct Room {
    /// Stopped before the folder is removed.
    running: Mutex<Option<Running>>,
    folder: Option<TempDir>,
    clock: Arc<dyn Clock>,
}

impl Harness for Served {
    fn name(&self) -> &'static str {
        match self {
            Self::Memory => "served-memory",
            Self::Folder => "served-embedded",
        }
    }

    fn weight(&self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(3)
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        let folder = match self {
            Self::Memory => None,
            Self::Folder => Some(tempfile::tempdir().unwrap()),
        };
        Ok(Box::new(Room { running: Mutex::new(None), folder, clock }))
    }
}

impl Place for Room {
    /// Whatever server there was is stopped first, and its store closed.
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let mut running = self.running.lock().unwrap();
        drop(running.take());
        let clock = Arc::clone(&self.clock);
        let store: Arc<dyn Backend> = match &self.folder {
            None => Arc::new(MemoryBackend::with_clock(clock)),
            Some(folder) => {
                let options = EngineOptions { clock, ..EngineOptions::default() };
                Arc::new(Embedded::open(folder.path(), options)?)
            }
        };
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let url = running.insert(Running::start(store, free)).url();
        Ok(Arc::new(block_on(Remote::open(&url, Options::default()))?))
    }
}

fn main() -> ExitCode {
    annals_testkit::run(vec![Box::new(Served::Memory), Box::new(Served::Folder)])
}
