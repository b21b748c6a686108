//! Reading: pages by keys, so that nothing is held between them.

pub(crate) mod all;
pub(crate) mod cursor;
pub(crate) mod listing;
mod matching;
pub(crate) mod row;
pub(crate) mod rows;
pub(crate) mod stream;
