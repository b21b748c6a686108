//! How a server is talked to.

use std::time::Duration;

use tokio::runtime::Handle;

/// How a server is talked to. What the URL says stands above it.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long one answer, or one message of a read, may take to come.
    pub timeout: Duration,
    /// How long a lost connection is tried for anew before callers get an error.
    pub patience: Duration,
    /// The Tokio runtime that drives the connections; it needs I/O and time, and threads of its
    /// own. `None`: a thread of the handle.
    ///
    /// In a program that runs on Tokio its runtime saves a change of threads for each answer. The
    /// handle is of no use any more when the runtime has ended.
    pub runtime: Option<Handle>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(60),
            patience: Duration::from_secs(10),
            runtime: None,
        }
    }
}
