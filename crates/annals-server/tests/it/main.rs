//! A server in this process, called over a loopback port by the clients generated from the same
//! definitions.
#![allow(missing_docs, reason = "a test binary has no API")]

mod persistent;
mod running;
