//! Tests of aggregates, commands, process managers, upcasters and projections: given, when, then.
//!
//! Nothing has to be set up: no runtime, no folder, no database. Events are kept in memory for
//! the length of one test and are found as a store finds them, by stream, type and tag. Time
//! stands still unless it is moved. What does not hold panics, with what was expected beside what
//! is there.
//!
//! ```
//! use annals::{testing::*, *};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize, Event)]
//! #[event(prefix = "bank")]
//! enum BankEvent {
//!     Deposited { cents: u64 },
//!     Withdrawn { cents: u64 },
//! }
//! use BankEvent::{Deposited, Withdrawn};
//!
//! #[derive(Debug, Default, Clone, Serialize, Deserialize)]
//! struct Account {
//!     balance: u64,
//! }
//!
//! #[aggregate(stream = "account", key = u32)]
//! impl Aggregate for Account {
//!     type Event = BankEvent;
//!
//!     fn apply(&mut self, event: &BankEvent) {
//!         match event {
//!             Deposited { cents } => self.balance += cents,
//!             Withdrawn { cents } => self.balance -= cents,
//!         }
//!     }
//! }
//!
//! #[derive(Debug, PartialEq)]
//! struct Overdrawn;
//! # impl std::fmt::Display for Overdrawn {
//! #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
//! #         f.write_str("overdrawn")
//! #     }
//! # }
//! # impl std::error::Error for Overdrawn {}
//!
//! struct Withdraw {
//!     account: u32,
//!     cents: u64,
//! }
//!
//! impl Command for Withdraw {
//!     type Aggregate = Account;
//!     type Output = u64;
//!     type Error = Overdrawn;
//!
//!     fn key(&self) -> u32 {
//!         self.account
//!     }
//!
//!     fn decide(&self, state: &mut Changes<'_, Account>) -> Result<u64, Overdrawn> {
//!         if state.balance < self.cents {
//!             return Err(Overdrawn);
//!         }
//!         state.emit(Withdrawn { cents: self.cents });
//!         Ok(state.balance)
//!     }
//! }
//!
//! given([Deposited { cents: 100 }])
//!     .when(Withdraw { account: 1, cents: 30 })
//!     .then([Withdrawn { cents: 30 }])
//!     .then_output(70)
//!     .then_state(|account| assert_eq!(account.balance, 70));
//!
//! given_nothing().when(Withdraw { account: 1, cents: 30 }).then_rejected(Overdrawn);
//! ```

mod given;
mod outcome;
mod process;
#[cfg(feature = "sqlite")]
mod projection;
mod seen;
mod side_by_side;
mod upcasting;
mod view;

pub use given::{Given, given, given_at, given_nothing};
pub use outcome::Outcome;
pub use process::{GivenProcess, Reaction, process};
#[cfg(feature = "sqlite")]
pub use projection::{GivenProjection, projection};
pub use upcasting::{Upcasting, upcasting};
pub use view::{GivenView, view};

/// What the helpers of a test cannot go on without.
#[track_caller]
fn must<T, E: std::fmt::Display>(what: &str, done: Result<T, E>) -> T {
    match done {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error}"),
    }
}
