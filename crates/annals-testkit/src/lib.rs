//! What every backend of Annals must pass.
//!
//! * [`run`] is the conformance suite: named cases that every backend runs. A case whose
//!   capability a backend lacks is listed as ignored, never as passed. A backend that cannot be
//!   tested here is ignored too, unless the environment variable `ANNALS_REQUIRE` names it. Races
//!   of many threads are among the cases, and random operations compared with the reference.
//! * [`faults`] is a disk that crashes, tears, fills up and forgets on request.
//! * [`History`] notes what was tried on a store and says whether what is stored can have come
//!   from it.
//!
//! A backend joins by implementing [`Harness`] and calling [`run`] from a test with
//! `harness = false`:
//!
//! ```no_run
//! use annals_testkit::{MemoryHarness, run};
//!
//! fn main() -> std::process::ExitCode {
//!     run(vec![Box::new(MemoryHarness)])
//! }
//! ```
//!
//! Everything here fails by panicking with a sentence, waits for events instead of sleeping, and
//! is stopped by a deadline instead of hanging.

#![allow(clippy::expect_used, reason = "test code fails by panicking with a message")]

mod case;
mod conformance;
mod deadline;
pub mod faults;
mod follower;
mod harness;
mod history;
mod model;
mod races;
mod random;
mod run;
mod shown;
mod store;
mod transfer;
mod words;

pub use case::{Case, Need};
pub use harness::{Harness, MemoryHarness, Notebook, Place};
pub use history::{History, Outcome, Violation};
pub use run::{cases, run};
pub use store::Store;
