//! What was measured, as a table for people and as figures for programs.

mod figure;
mod goal;
mod json;
mod markdown;
mod row;

pub(crate) use figure::Figure;
pub(crate) use goal::Goal;
pub(crate) use row::Row;

use crate::machine::Machine;

/// A run.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Report {
    /// What to type to get such a table.
    pub(crate) command: String,
    pub(crate) measured_at: String,
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<Row>,
}
