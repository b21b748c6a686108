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
///
/// ```
/// # use annals::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize)]
/// # #[event(prefix = "bank")]
/// # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
/// # #[derive(Debug, Default, Clone, Serialize, Deserialize)]
/// # struct Account { cents: u64 }
/// # #[aggregate(stream = "account", key = String)]
/// # impl Aggregate for Account {
/// #     type Event = BankEvent;
/// #     fn apply(&mut self, event: &BankEvent) {
/// #         match event {
/// #             BankEvent::Deposited { cents } => self.cents += cents,
/// #             BankEvent::Withdrawn { cents } => self.cents -= cents,
/// #         }
/// #     }
/// # }
/// struct Withdraw {
///     account: String,
///     cents: u64,
/// }
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("not enough")]
/// struct Overdrawn;
///
/// impl Command for Withdraw {
///     type Aggregate = Account;
///     type Output = u64;
///     type Error = Overdrawn;
///
///     fn key(&self) -> String {
///         self.account.clone()
///     }
///
///     fn decide(&self, account: &mut Changes<'_, Account>) -> Result<u64, Overdrawn> {
///         if account.cents < self.cents {
///             return Err(Overdrawn);
///         }
///         account.emit(BankEvent::Withdrawn { cents: self.cents });
///         Ok(account.cents)
///     }
/// }
/// # futures_lite::future::block_on(async {
/// # let app = Annals::open("memory:").await?;
/// let refused = app.execute(Withdraw { account: "ann".into(), cents: 30 }).await;
/// assert!(refused.unwrap_err().rejection().is_some());
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
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
