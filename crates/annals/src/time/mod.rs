//! Time travel: which moment of the past to look at.

mod at;

pub use at::At;
pub(crate) use at::Place;
