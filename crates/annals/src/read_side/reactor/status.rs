//! How far a reactor is, and what holds it up.

use annals_core::{Error, Position};

use crate::read_side::{Lag, ProjectionState};

/// How a reactor goes, seen from this process.
#[derive(Debug, Clone)]
pub struct ReactorStatus {
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: ProjectionState,
    /// Every event up to here was reacted to, given up, or does not matter; as stored.
    pub checkpoint: Option<Position>,
    /// How far it is behind.
    pub lag: Lag,
    /// How many events were set aside.
    pub dead_letters: usize,
    /// How often something failed since this process began.
    pub errors: u64,
    /// What failed last.
    pub last_error: Option<Error>,
}
