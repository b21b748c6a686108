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
    /// What else must be known to judge the figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    pub(crate) rows: Vec<Row>,
}
