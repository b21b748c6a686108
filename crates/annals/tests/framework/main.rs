//! Tests of the framework through its public API, over every store that is built in.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at what is not there")]

mod bank;
mod bus;
mod clustered;
mod courses;
mod harness;
mod history;
mod idempotency;
mod invoices;
mod metadata;
mod moments;
mod orders;
mod prices;
mod process;
mod projections;
mod reactors;
mod root;
mod schema;
mod served;
mod snapshots;
mod spans;
mod spy;
mod stores;
mod tables;
mod tokens;
mod upcast;
mod usernames;
mod views;
mod warm;
mod writing;
