//! The threads that drive a node's connection to the log, whatever runs the caller.

use annals_core::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Handle, Runtime};

/// How many there are.
const THREADS: usize = 1;

/// Threads for one node. Unlike a bare runtime they may be dropped by async code: what still runs
/// on them is ended without waiting for it.
#[derive(Debug)]
pub(crate) struct Threads {
    /// Until it is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Threads {
    /// Starts them.
    ///
    /// # Errors
    /// `Unavailable` when the system gives no threads.
    pub(crate) fn start() -> Result<Self> {
        let built = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("annals-cluster")
            .enable_all()
            .build();
        let runtime = built.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "no threads for the connection to the log")
                .caused_by(error)
        })?;
        let handle = runtime.handle().clone();
        Ok(Self { runtime: Some(runtime), handle })
    }

    /// What starts tasks on them.
    pub(crate) const fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn async_code_may_drop_them_on_their_own_threads_too() {
        let outer = Threads::start().unwrap();
        let inner = Threads::start().unwrap();
        let handle = outer.handle().clone();
        let dropped = handle.spawn(async move {
            drop(inner);
            drop(outer);
            "dropped"
        });
        // The task that ends its own threads may be ended with them, but it does not panic.
        match futures_lite::future::block_on(dropped) {
            Ok(said) => assert_eq!(said, "dropped"),
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
    }
}
