//! The conformance suite through KurrentDB's protocol, as far as that reaches: an Annals server in
//! this process, over the embedded engine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    process::ExitCode,
    sync::{Arc, Mutex},
};

use annals_core::{Backend, Clock, Result};
use annals_engine::{Embedded, Options as EngineOptions};
use annals_kurrentdb::{KurrentDb, Options};
use annals_testkit::{Case, Harness, Place};
use futures_lite::future::block_on;
use served::Running;
use tempfile::TempDir;

mod beyond;
#[path = "../../annals-remote/tests/served/mod.rs"]
mod served;

/// A server that has a folder.
#[derive(Debug, Clone, Copy)]
struct Served;

/// Room for one store with the server in front of it.
#[derive(Debug)]
struct Room {
    /// Stopped before the folder is removed.
    running: Mutex<Option<Running>>,
    folder: TempDir,
    clock: Arc<dyn Clock>,
}

impl Harness for Served {
    fn name(&self) -> &'static str {
        "kurrentdb"
    }

    fn cannot(&self, case: &Case) -> Option<&'static str> {
        beyond::why(case)
    }

    fn weight(&self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(3)
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        let folder = tempfile::tempdir().unwrap();
        Ok(Box::new(Room { running: Mutex::new(None), folder, clock }))
    }
}

impl Place for Room {
    /// Whatever server there was is stopped first, and its store closed.
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let mut running = self.running.lock().unwrap();
        drop(running.take());
        let clock = Arc::clone(&self.clock);
        let options = EngineOptions { clock, ..EngineOptions::default() };
        let store: Arc<dyn Backend> = Arc::new(Embedded::open(self.folder.path(), options)?);
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let address = running.insert(Running::start(store, free)).address();
        let url = format!("kurrentdb://{address}?tls=false");
        Ok(Arc::new(block_on(KurrentDb::open(&url, Options::default()))?))
    }
}

fn main() -> ExitCode {
    annals_testkit::run(vec![Box::new(Served)])
}
