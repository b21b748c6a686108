//! Crashes and damage: the embedded engine on a disk that fails, at every operation of a workload
//! and in every way, and the store as it is found afterwards.
//!
//! `ANNALS_CRASH_SEEDS` says in how many ways each crash is survived (4 when unset), and
//! `ANNALS_DAMAGE=all` that every single bit is tried.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod copies;
mod crowd;
mod damage;
mod device;
mod every_operation;
mod expected;
mod node;
mod picture;
mod restoring;
mod room;
mod workload;
