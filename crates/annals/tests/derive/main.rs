//! What the macros write, used as a user would.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod aggregate;
mod formats;
mod json;
mod reading;
mod schema;
mod serde_attributes;
mod tags;
