//! A server in this process, called over a loopback port by the clients generated from the same
//! definitions.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod appends_v2;
mod derived;
mod health;
mod operations;
mod persistent;
mod reading;
mod running;
mod shared;
mod umadb;
