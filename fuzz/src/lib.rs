//! Fuzz targets: plain functions over bytes, which panic when Annals breaks a promise.
//!
//! `tests/smoke.rs` feeds each a fixed sequence of inputs and is part of every test run;
//! `fuzz_targets/` gives them to libFuzzer for long runs. See README.md.

#![expect(clippy::expect_used, reason = "a fuzz target reports what is wrong by panicking")]

pub mod corpus;
pub mod event_decode;
pub mod frame_decode;
mod http2;
pub mod import_parse;
mod mutation;
mod original;
mod protobuf;
pub mod random;
pub mod requests;
pub mod segment_recover;
mod served;
pub mod server_connection;
pub mod server_request;
