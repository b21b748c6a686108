//! The log that `--at` names, and the runtime on which its servers are asked.

use annals::{StoreUrl, cluster::url::Target};
use tokio::runtime::{Builder, Runtime};

use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    session::Session,
};

/// The log of a cluster's store.
#[derive(Debug)]
pub(super) struct Log<'a> {
    target: &'a Target,
    runtime: Runtime,
}

impl<'a> Log<'a> {
    /// The log of the session.
    ///
    /// # Errors
    /// Usage (exit 2) where `--at` names no store of a cluster.
    pub(super) fn of(session: &'a Session) -> Result<Self> {
        let StoreUrl::Cluster(target) = session.url() else {
            return Err(Failure::usage(
                format!("a cluster keeps its log in NATS, and `{}` is elsewhere", session.url()),
                "name servers of NATS and the store: `--at nats://HOST:4222/STORE`",
            ));
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| {
            Failure::new(Exit::Failure, "the log cannot be asked", error, "try again")
        })?;
        Ok(Self { target, runtime })
    }

    pub(super) const fn target(&self) -> &'a Target {
        self.target
    }

    /// Waits for something that is asked of the log's servers.
    pub(super) fn wait<T, S: Into<String>>(
        &self,
        what: impl FnOnce() -> S,
        asked: impl Future<Output = annals::Result<T>>,
    ) -> Result<T> {
        self.runtime.block_on(asked).or_fail(what)
    }

    /// Waits for something that cannot fail.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}
