//! Who may come in and do what: real sockets on loopback, encrypted ones too.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod harness;
mod keys;
mod lists;
mod login;
mod secrets;
mod slow;
mod tls;
mod users;
