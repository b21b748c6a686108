//! Read models in a database: which there are, and how far each has come.

use annals_core::{EventId, Position};

/// One read model: a version of a projection, and which building of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Model {
    /// The projection's name.
    pub projection: String,
    /// The projection's version.
    pub version: u32,
    /// 0 for the first building of this version; each rebuild counts one up.
    pub generation: u32,
}

/// What a database knows about a read model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// Which model.
    pub model: Model,
    /// The event store it is made from, where that has an identity.
    pub event_store: Option<String>,
    /// How many partitions it is divided into.
    pub partitions: u32,
    /// The fingerprint of the code that began it; 0 when unknown.
    pub fingerprint: u64,
    /// Whether it has been caught up at least once.
    pub is_built: bool,
    /// Whether it is the one that queries see.
    pub is_live: bool,
    /// Its tables, as queries name them.
    pub tables: Vec<String>,
}

/// How far a partition of a read model has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which partition, from 0.
    pub partition: u32,
    /// Every event up to here has been applied or does not matter; `None` before the first.
    pub position: Option<Position>,
    /// The last event applied, and its position, to recognise another history.
    pub last: Option<(EventId, Position)>,
    /// Whether it has been caught up at least once.
    pub is_caught_up: bool,
    /// Why it does not go on, if it does not.
    pub paused: Option<String>,
    /// The highest fence of those who moved it.
    pub fence: u64,
}

/// A step of a partition, as a compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    /// Which partition.
    pub partition: u32,
    /// Where it must stand before.
    pub from: Option<Position>,
    /// Where it stands afterwards.
    pub to: Option<Position>,
    /// The last event applied, when there was one.
    pub last: Option<(EventId, Position)>,
    /// Whether it has caught up now.
    pub is_caught_up: bool,
    /// The fence of whoever makes the step; nobody with a higher one may have been here.
    pub fence: u64,
}

impl ModelInfo {
    /// Whether it was begun by code with another fingerprint, as far as both are known.
    pub(super) const fn has_other_code(&self, fingerprint: u64) -> bool {
        self.fingerprint != 0 && fingerprint != 0 && self.fingerprint != fingerprint
    }
}

impl Model {
    /// The name of a table of this model: `balances__2`, and `balances__2_1` after a rebuild.
    #[must_use]
    pub fn table(&self, name: &str) -> String {
        match self.generation {
            0 => format!("{name}__{}", self.version),
            generation => format!("{name}__{}_{generation}", self.version),
        }
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` version {}", self.projection, self.version)?;
        match self.generation {
            0 => Ok(()),
            generation => write!(f, ", rebuild {generation}"),
        }
    }
}
