//! The attributes on impl blocks: each adds constants to the impl and leaves the rest as it is.

mod aggregate;
mod block;
mod duration;
mod fingerprint;
mod named;
mod snapshot;

pub(crate) use aggregate::aggregate;
pub(crate) use named::{Named, named};
