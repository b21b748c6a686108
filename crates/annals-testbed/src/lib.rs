//! Real services for tests: private, on loopback, in temporary folders.
//!
//! Each server belongs to the process that started it and never outlives it,
//! also when that process is killed; `guard.rs` says how.
//! Nothing is downloaded or installed here: what is missing is an error that
//! says what to install, and a test then says that it could not run.
//!
//! ```no_run
//! use annals_testbed::postgres::{Durability, Options, Postgres};
//!
//! # fn main() -> Result<(), annals_testbed::Problem> {
//! let server = Postgres::start(Options { durability: Durability::Fast, ..Options::default() })?;
//! assert_eq!(server.psql("select 1")?, "1");
//! # Ok(())
//! # }
//! ```

mod account;
pub mod annals;
mod guard;
pub mod nats;
mod output;
mod port;
pub mod postgres;
mod problem;
mod process;
pub mod program;
mod required;
mod wait;

pub use problem::Problem;
pub use required::is_required;
pub use wait::wait_until;
