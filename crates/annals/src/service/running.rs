//! The services of an application while they run.

use std::{
    io, mem,
    thread::{self, JoinHandle},
};

use annals_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;

use super::{Service, Stop};
use crate::{Annals, guard::panicked};

/// The running services. Dropping it tells them to stop; [`Running::stop`] also waits for them.
#[derive(Debug, Default)]
pub(crate) struct Running {
    stop: Stop,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Running {
    /// Starts services that were checked.
    pub(crate) fn start(services: Vec<Box<dyn Service>>, app: &Annals) -> Result<Self> {
        let running = Self::default();
        for service in services {
            let name = service.name().to_owned();
            let (app, stop) = (app.clone(), running.stop.clone());
            let thread = spawn(&name, move || service.run(app, stop)).map_err(|error| {
                Error::new(ErrorKind::Unavailable, format!("no thread for `{name}`"))
                    .caused_by(error)
            })?;
            running.threads.lock().push(thread);
        }
        Ok(running)
    }

    /// Tells all to stop and waits until they have. Blocks.
    pub(crate) fn stop(&self) -> Result<()> {
        self.stop.set();
        let threads = mem::take(&mut *self.threads.lock());
        let mut ended = Ok(());
        for thread in threads {
            let name = thread.thread().name().unwrap_or("a service").to_owned();
            if let Err(panic) = thread.join() {
                ended = Err(panicked(&name, panic.as_ref()));
            }
        }
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.set();
    }
}

/// Starts a thread that belongs to the caller's Tokio runtime, where there is one, so that
/// handlers may use what needs it.
pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    #[cfg(feature = "tokio")]
    let tokio = tokio::runtime::Handle::try_current().ok();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        #[cfg(feature = "tokio")]
        let _entered = tokio.as_ref().map(tokio::runtime::Handle::enter);
        run();
    })
}
