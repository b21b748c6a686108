//! Tests of the engine through its public door.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod copying;
mod derived;
mod failing;
mod format;
mod places;
mod reopen;
mod replica;
mod segments;
mod spare;
mod stale_view;
mod stopping;
mod support;
mod torn;
mod verify;
mod workload;
