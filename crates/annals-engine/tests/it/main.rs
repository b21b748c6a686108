//! Tests of the engine through its public door.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod reopen;
mod support;
mod verify;
