//! The threads that drive the connection to the log, so that callers need no runtime.

use annals_core::{Error, ErrorKind, Result};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
};

/// One is enough: it hands messages on, and applies nothing.
const THREADS: usize = 1;

/// The threads of one node. They end with this, wherever it is dropped.
#[derive(Debug)]
pub(crate) struct Threads(Option<Runtime>, Handle);

impl Threads {
    /// # Errors
    /// `Unavailable` when the system gives none.
    pub(crate) fn new() -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("annals-cluster")
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "no threads for the connection to the log")
                .caused_by(error)
        })?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }

    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.1.spawn(task)
    }

    /// For a task that has the threads themselves.
    pub(crate) fn handle(&self) -> Handle {
        self.1.clone()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Waiting for its tasks is not allowed where this may be dropped.
            runtime.shutdown_background();
        }
    }
}
