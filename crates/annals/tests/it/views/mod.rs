//! Views: stored and live, as they are and as they were.

mod bank;
mod failures;
mod reading;
mod versions;
