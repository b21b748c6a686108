//! What is measured of every store that takes part, in turns: the suites say who does.

pub(crate) mod bulk;
pub(crate) mod catch_up;
pub(crate) mod condition;
pub(crate) mod crowd;
pub(crate) mod field;
pub(crate) mod fill;
pub(crate) mod live;
pub(crate) mod load;
pub(crate) mod lone;
pub(crate) mod ours;
pub(crate) mod race;
pub(crate) mod read_all;
pub(crate) mod read_tag;
pub(crate) mod store;
