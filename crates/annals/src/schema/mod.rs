//! The schema lock: a committed file with the form of every event type, and a test that holds
//! the program to it.
//!
//! Stored events never change, so a field that is renamed today cannot be read from yesterday's
//! events. [`check()`] compares the event types of the program with the file, in one test:
//!
//! ```no_run
//! # use annals::{Upcasters, Event, schema};
//! # #[derive(Event, serde::Serialize, serde::Deserialize)] enum BankEvent { Opened { owner: String } }
//! # fn upcasters() -> Upcasters { Upcasters::new() }
//! // In a test of the program:
//! fn stored_events_stay_readable() -> Result<(), schema::Failure> {
//!     schema::check::<BankEvent>("events.lock", &upcasters())?;
//!     Ok(())
//! }
//! ```
//!
//! * What stored events cannot survive is refused: a type that is gone, a field that is gone, has
//!   another type or must now be there, without a new schema version; a new schema version
//!   without an upcaster from every older one; a schema version that goes backwards.
//! * What they survive is listed, and taken into the file when the test runs with
//!   `ANNALS_SCHEMA=accept`: a new type, a new optional field, a new schema version with its
//!   upcasters. With `CI` set the file is never written.
//! * The file keeps every schema version there ever was, and can keep a sample of each, which
//!   must still be readable today; see [`Check::sample`].
//!
//! It is a test and not a command of the command line, because only the program itself knows its
//! Rust types.

mod check;
mod compare;
mod events;
mod failure;
mod fields;
mod lock;
mod parse;
mod samples;
mod today;

pub use check::{Accepted, Check, check};
pub use events::Events;
pub use failure::Failure;
pub use lock::{Block, Field, Lock};
