//! How much is done: a little in every run of the tests, much when it is asked for.

use std::{env, time::Duration};

use crate::cases::{CASES, Case, Run};

/// How many appends have to be acknowledged in all; without it the run is the short one.
pub(crate) const APPENDS: &str = "ANNALS_FAULTS_APPENDS";

/// Appends of a case in the short run.
const SHORT: u64 = 1_500;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// In all cases together; `None` in the short run.
    all: Option<u64>,
}

impl Size {
    pub(crate) fn from_environment() -> Self {
        let all = env::var(APPENDS).ok().map(|count| count.parse().unwrap());
        Self { all }
    }

    pub(crate) fn is_long(self) -> bool {
        self.all.is_some()
    }

    /// Whether a case is part of the run.
    pub(crate) fn has(self, case: &Case) -> bool {
        self.is_long() || case.runs == Run::Always
    }

    /// How many appends a case has to have acknowledged at least.
    pub(crate) fn appends(self) -> u64 {
        self.all.map_or(SHORT, |all| all.div_ceil(CASES.len() as u64))
    }

    /// How often a case does its harm.
    pub(crate) fn times(self) -> usize {
        if self.is_long() { 3 } else { 1 }
    }

    /// For how long a server is paused, or cut off.
    pub(crate) fn pause(self) -> Duration {
        Duration::from_secs(if self.is_long() { 20 } else { 10 })
    }
}
