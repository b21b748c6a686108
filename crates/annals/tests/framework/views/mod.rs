//! Views: stored and live, as they are and as they were.

mod bank;
mod failures;
mod harness;
mod reading;
mod versions;
