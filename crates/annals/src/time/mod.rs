//! Time travel: which moment of the past to look at, what changed when, and who did it.

mod at;
mod blame;
mod change;
mod history;
mod landmarks;
mod table;

pub use at::At;
pub(crate) use at::Place;
pub use blame::{Blame, BlameLine, Blamed};
pub use change::{FieldChange, StateDiff};
pub use history::{History, Step};
