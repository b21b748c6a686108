//! The `annals` binary from end to end: every command, its output, its exit code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod append;
mod bad_input;
mod cert;
mod config;
mod copy;
mod demo;
mod errors;
mod export;
mod harness;
mod help;
mod import;
mod kurrentdb;
mod output;
mod read;
mod remote;
mod serve;
mod serving;
mod stream;
mod subscription;
mod tail;
mod users;
mod verify;
