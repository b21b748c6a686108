//! What runs beside the commands: projections, reactors, process managers, each on threads of
//! its own.

mod running;
mod stop;
mod wait;

pub(crate) use running::{Running, spawn};
pub(crate) use stop::Stop;
pub(crate) use wait::block_on_until;

use annals_core::{Capabilities, Result};

use crate::Annals;

/// Something that runs until it is told to stop.
pub(crate) trait Service: Send + 'static {
    /// Its name, for logs and threads.
    fn name(&self) -> &str;

    /// Whether the store can do what it needs.
    ///
    /// # Errors
    /// `Unsupported` or `InvalidArgument`, saying what is missing.
    fn check(&self, capabilities: Capabilities) -> Result<()>;

    /// Runs, on a thread of its own that may block, until `stop` is set. The handle it gets does
    /// not keep the services running.
    fn run(self: Box<Self>, app: Annals, stop: Stop);
}
