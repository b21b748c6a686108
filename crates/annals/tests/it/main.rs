//! Tests of the framework through its public API, over every store that is built in.

mod bank;
mod idempotency;
mod metadata;
mod root;
mod snapshots;
mod spy;
mod stores;
mod warm;
mod writing;
