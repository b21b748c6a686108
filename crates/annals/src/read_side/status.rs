//! How far a projection is, and what holds it up.

use std::time::Duration;

use annals_core::{Error, Position};

use super::Model;

/// How a projection goes, seen from this process.
#[derive(Debug, Clone)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// The version this program has.
    pub version: u32,
    /// What it is doing.
    pub state: ProjectionState,
    /// The model of this version that is kept up to date, once there is one.
    pub model: Option<Model>,
    /// The model that queries see. It may be of another version: an older one until this one has
    /// caught up, or a newer one after a deployment was rolled back, from which queries never
    /// switch back by themselves.
    pub live: Option<Model>,
    /// The model that is being built to take over, and how far it is.
    pub building: Option<(Model, Option<Position>)>,
    /// Every event up to here is in the model of this version or does not matter.
    pub checkpoint: Option<Position>,
    /// How far it is behind.
    pub lag: Lag,
    /// Whether the model of this version was begun by other code, so that a rebuild would give
    /// something else: the code changed without a new version. Nothing is rebuilt for that.
    pub has_other_code: bool,
    /// How many events were set aside.
    pub dead_letters: usize,
    /// How often something failed since this process began.
    pub errors: u64,
    /// What failed last.
    pub last_error: Option<Error>,
}

/// What a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionState {
    /// It has not begun.
    Starting,
    /// It works through what was written before.
    CatchingUp,
    /// It has everything, and follows.
    CaughtUp,
    /// It does not go on by itself; partitions that are not held up do.
    Paused {
        /// Why, and what to do.
        reason: String,
    },
    /// Another process has the lease, or none does yet; this one takes over when it is free.
    Standby,
    /// It was stopped.
    Stopped,
}

/// How far a read model is behind the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag {
    /// Positions from its checkpoint to the newest event; 0 when nothing is left to apply.
    pub events: u64,
    /// How long ago the store took the oldest event that is not applied; 0 when there is none.
    pub age: Duration,
}

impl std::fmt::Display for Lag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} events and {:.1} s behind", self.events, self.age.as_secs_f64())
    }
}
