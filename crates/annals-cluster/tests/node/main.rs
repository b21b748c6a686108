//! Nodes on a log in memory that loses answers, loses messages, takes them twice and forgets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod digests;
mod lost;
mod restarts;
mod room;
