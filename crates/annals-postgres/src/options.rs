//! How a store is opened.

use std::{sync::Arc, time::Duration};

use annals_core::{Clock, Error, Result};
use tokio::runtime::Handle;

use crate::{Migrate, Partitions};

/// Whether to make a store where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Create {
    /// The migrations make it, if they are applied.
    #[default]
    IfMissing,
    /// A schema without a store is refused.
    Never,
}

/// How a store is opened. What the URL says stands above it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The schema that holds the tables.
    pub schema: String,
    /// What to do where the schema has no store.
    pub create: Create,
    /// Whether missing migrations are applied.
    pub migrate: Migrate,
    /// Partitions for the events of a store that is begun now; `None`: one table. A store that is
    /// there already is used as it is with `None`, and refused when it has another number.
    pub partitions: Option<Partitions>,
    /// Connections for reading. Beside them is one for appends, which listens, and one that asks.
    pub pool_size: usize,
    /// How long a read waits for a connection of the pool.
    pub pool_timeout: Duration,
    /// How long one statement may take; zero for any time.
    pub statement_timeout: Duration,
    /// How much longer than `statement_timeout` its answer may take to arrive. A connection on which
    /// one is overdue counts as lost and is replaced; without a `statement_timeout` none ever is.
    pub answer_grace: Duration,
    /// How long an append waits for appends of other processes.
    pub lock_timeout: Duration,
    /// How long a lost connection is tried for anew before callers get an error.
    pub patience: Duration,
    /// How often the head is asked for, beside listening for it.
    pub poll_every: Duration,
    /// The store's time; `None` for the database's own clock, which all processes share.
    pub clock: Option<Arc<dyn Clock>>,
    /// The Tokio runtime that drives the connections; it needs I/O and time, and threads of its
    /// own. `None`: threads of the store.
    ///
    /// In a program that runs on Tokio its runtime saves a change of threads for each answer. The
    /// store is closed when the runtime ends.
    pub runtime: Option<Handle>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schema: "annals".to_owned(),
            create: Create::IfMissing,
            migrate: Migrate::OnOpen,
            partitions: None,
            pool_size: 10,
            pool_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(60),
            answer_grace: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(10),
            patience: Duration::from_secs(10),
            poll_every: Duration::from_secs(1),
            clock: None,
            runtime: None,
        }
    }
}

/// Every statement of ours is meant to walk an index, also while the tables are so small, or so
/// new, that reading them whole looks cheaper: plans are kept and the tables grow.
const INDEXED: &str = "SET plan_cache_mode = force_generic_plan; SET jit = off; \
    SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off;";

impl Options {
    /// What every connection begins with. An acknowledged append is durable, whatever the role or
    /// the database asks for; a stricter setting than `on` stays.
    pub(crate) fn setup(&self) -> String {
        format!(
            "SET default_transaction_isolation = 'read committed'; {INDEXED} \
             SET statement_timeout = {}; SET lock_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') = 'off'",
            self.statement_timeout.as_millis(),
            self.lock_timeout.as_millis(),
            self.statement_timeout.as_millis(),
        )
    }
}

/// Longer names are cut off by PostgreSQL, so that two of them could be one.
const SCHEMA_BYTES_MAX: usize = 63;

/// Refuses a name that PostgreSQL would take for another, or not at all.
pub(crate) fn check_schema(name: &str) -> Result<()> {
    let why = match name {
        "" => "is empty",
        _ if name.len() > SCHEMA_BYTES_MAX => "is longer than 63 bytes",
        _ if name.contains('\0') => "has a NUL in it",
        _ if name.starts_with("pg_") => "begins with `pg_`, which PostgreSQL keeps for itself",
        _ => return Ok(()),
    };
    Err(Error::invalid(format!("the name of the schema {why}; take another name")))
}
