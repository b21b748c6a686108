//! Annals on PostgreSQL: the same contract on the database teams already run.
//!
//! * Positions are dense and in commit order: appends take turns, from an advisory lock to their
//!   commit, and share turns by groups, so a turn costs one round trip and one sync for all of
//!   its callers. `migrations/0002_append.sql` has the one call that does it.
//! * The rules of acceptance are those of `annals-core`. What they decide on is checked in the
//!   database, under the lock; where it is otherwise, the rules decide again.
//! * Reads go by keys, page by page, and subscriptions wait for announcements, with asking as the
//!   net.
//! * Read models may be in the same database: [`Transaction`] is what they are written in.

mod backend;
mod blockers;
mod calls;
mod condition;
mod connect;
mod failure;
mod follow;
mod lookout;
mod migrate;
mod open;
mod options;
mod patience;
mod read;
mod replicas;
mod route;
mod shared;
mod sql;
mod text;
mod tls;
mod transaction;
mod url;
mod values;
mod watch;
mod write;

pub use backend::Postgres;
pub use migrate::{MIGRATIONS, Migrate, Migration};
pub use options::{Create, Options};
pub use tokio_postgres;
pub use transaction::{Access, Transaction};
pub use url::{Staleness, Target};
