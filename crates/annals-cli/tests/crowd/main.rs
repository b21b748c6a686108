//! A server under a crowd: killed while it is written to, and with more connections, subscriptions
//! and slow readers than anybody should have.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod crowd;
mod kill;
