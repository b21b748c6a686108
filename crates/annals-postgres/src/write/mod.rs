//! Writing: requests of many callers, gathered into groups, each decided and stored in one call.

mod apply;
mod columns;
pub(crate) mod committer;
mod group;
pub(crate) mod job;
mod look;
mod payload;
mod rows;
mod settle;
