//! Commands: a decision on a state, made into events.

mod changes;
mod committed;
mod decision;
mod error;
mod execute;
mod idempotency;
mod wait;

pub use changes::Changes;
pub use committed::Committed;
pub use decision::{ByClosure, ByCommand};
pub use error::ExecuteError;
pub use execute::Execute;
pub(crate) use idempotency::{find_written, nothing_written};

use crate::Boundary;

/// Something somebody wants done. It is decided on the state of an aggregate, or of several
/// together, and the decision is events, or a refusal.
pub trait Command: Send + Sync + 'static {
    /// What it is decided on: an [`Aggregate`](crate::Aggregate), a tuple or a `Vec` of them.
    type Aggregate: Boundary;
    /// What whoever sent it gets to know.
    type Output: Send + 'static;
    /// Why it can be refused.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Which aggregate.
    fn key(&self) -> <Self::Aggregate as Boundary>::Key;

    /// Decides. It is called again, on a newer state, when somebody else was faster, so it must
    /// follow from command and state alone.
    ///
    /// # Errors
    /// Why the command is refused. Then nothing is written.
    fn decide(&self, state: &mut Changes<'_, Self::Aggregate>)
    -> Result<Self::Output, Self::Error>;
}
