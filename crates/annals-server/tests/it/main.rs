//! A server in this process, called over a loopback port by the clients generated from the same
//! definitions.
#![allow(missing_docs, reason = "a test binary has no API")]

mod appends_v2;
mod derived;
mod operations;
mod reading;
mod running;
mod umadb;
