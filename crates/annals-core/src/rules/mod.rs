//! The rules that decide whether an append is accepted.
//!
//! They are pure: a verdict follows from the state of the streams and from the append alone. Every
//! backend that decides for itself uses them, so that there is one place to read them and one to
//! test them. They are KurrentDB's, with two differences: retries are recognised within
//! [`RETRY_WINDOW_EVENTS`](crate::limits::RETRY_WINDOW_EVENTS) events instead of a cache of some
//! megabytes, and stored metadata that is no JSON object cannot be written in the first place.

mod expected;
mod outcome;
mod restore;
mod retention;
mod state;

pub use expected::{Lane, Otherwise, StreamHead, Verdict, decide, decide_delete};
pub use outcome::{Duplicate, Outcome, Plan, plan, resolve_repeat, resolve_retry};
pub use restore::{StoreEnd, decide_restore};
pub use retention::Retention;
pub use state::{Progress, decide_checkpoint, decide_state};
