//! Projections into SQLite: each event takes effect once, whatever happens.

mod bank;
mod basics;
mod failures;
mod kills;
mod rivals;
mod troubles;
mod versions;
mod waiting;
