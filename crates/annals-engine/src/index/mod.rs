//! The index: for everything that can be asked for, the sorted list of positions.
//!
//! One mechanism: a *term* (a stream, category, type, tag or correlation id, hashed) maps to a
//! list of positions. Lists of open segments are in memory; lists of sealed ones are in an LSM
//! tree. Streams are listed by version, so that any version is one seek away; everything else by
//! position. The index is derived: the log alone can rebuild it, so it is never trusted over it.

pub(crate) mod codec;
pub(crate) mod head;
pub(crate) mod lists;
pub(crate) mod memory;
pub(crate) mod plan;
pub(crate) mod postings;
mod tables;
pub(crate) mod term;
pub(crate) mod tree;
pub(crate) mod view;
