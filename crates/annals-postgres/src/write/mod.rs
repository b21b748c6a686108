//! Writing: requests of many callers, gathered into groups, each decided and stored in one call.

mod apply;
mod columns;
pub(crate) mod committer;
mod event_columns;
mod group;
mod inline;
pub(crate) mod job;
mod look;
mod payload;
pub(crate) mod restore;
mod restored;
mod rows;
mod settle;
