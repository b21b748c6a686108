//! Annals on PostgreSQL: the same contract on the database teams already run.
//!
//! * Positions are dense and in commit order: appends take turns, from an advisory lock to their
//!   commit, and share turns by groups, so a turn costs one round trip and one sync for all of
//!   its callers. `migrations/0002_append.sql` has the one call that does it.
//! * The rules of acceptance are those of `annals-core`. What they decide on is checked in the
//!   database, under the lock; where it is otherwise, the rules decide again.
//! * Reads go by keys, page by page, and subscriptions wait for announcements, with asking as the
//!   net. What a process stores itself it knows; it announces it only while others listen.
//! * Read models may be in the same database: [`Transaction`] is what they are written in, beside
//!   appends or in their own transaction (`install_inline`). A group of appends in which that fails
//!   is tried again one by one, so that nobody is refused for another one.
//! * The events of a very large store may be in partitions, by the hash of their stream:
//!   [`Partitions`] are chosen when a store is begun. `docs/postgres.md` says when that is worth
//!   what it costs.
//!
//! # Order without holes
//!
//! No reader ever sees a position appear below one that it has seen, and no position is left out.
//!
//! * An append is one call. It takes the store's turn, an advisory lock, then looks at what it
//!   takes for granted, writes its events behind `store.head` and moves the head. PostgreSQL gives
//!   the lock up when the transaction has ended, which is after its commit can be seen.
//!   So positions are given in the order of commits, and whoever has the turn sees all before it.
//! * Positions come from the head, not from a sequence: a transaction that fails, is rolled back
//!   or is killed has moved nothing, and leaves no hole.
//! * A reader takes the head and the events in one statement, so both are of one moment. A
//!   subscription goes on where its last page ended; a page that a lost connection kept from being
//!   read is asked for again from the same place.
//! * This holds at `READ COMMITTED`, which every connection of the store asks for whatever the
//!   role's default is, because each statement under the lock looks anew.
//!
//! ## What it costs
//!
//! One group of appends at a time for each store, from the first look to the sync of the commit.
//! The callers of one process share a turn, up to 1,024 of them with 8,192 events and 8 MiB, so
//! many callers cost little more than one; processes take turns. Two stores, in two schemas, do not
//! wait for one another. `docs/bench/postgres.md` has the figures.
//!
//! ## When something goes wrong
//!
//! * `Unavailable` for an append: nothing of it is stored. `Timeout`: nobody knows; sent again as
//!   it was it is stored once, because events are recognised by their ids. The store does that
//!   itself first, for as long as `patience` lasts.
//! * A request that the database refuses, or that takes too long, fails alone: the others of its
//!   group are sent again without it.
//! * Who waits for a lock of somebody else's longer than `lock_timeout` gets `Unavailable` with the
//!   process id, the application, the user and the state of the session that holds it. While
//!   anything waits for more than a second, the same is in a warning, again every 10 s.
//! * A server that takes a call and says nothing, or a network that passes nothing on, is waited for
//!   as long as `statement_timeout` and `answer_grace` together; then the connection counts as lost
//!   and is replaced. `session.rs` says how.
//! * A read is made again for as long as `patience` lasts when its connection is lost; a
//!   subscription is until it can be, with a warning every 10 s.
//! * An acknowledged append is durable: connections for which `synchronous_commit` is `off` set it
//!   to `on`. With `fsync = off` in the server's configuration nothing is.
//!
//! ## What others may do with plain SQL
//!
//! They may read everything; the views `event_log`, `stream_list` and `checkpoint_list` keep their
//! columns. Long transactions that only read hold up nobody, but keep PostgreSQL from tidying up,
//! which makes appends slower by and by.
//!
//! They may add indexes (`CREATE INDEX CONCURRENTLY`; without it appends wait), and triggers and
//! constraints that refuse events: only the request with such an event fails.
//!
//! They may call `append`, with the schema first in their `search_path`. They then have the turn
//! until their transaction ends, and every append waits for it; a rollback leaves no hole.
//!
//! They may `LISTEN` for commits on the channel `annals_` with the id of the store. Commits are
//! announced only while a session holds a lock that says so:
//! `SELECT pg_advisory_lock_shared(1634627180, 'store'::regclass::oid::integer)`.
//!
//! They may not write to the tables in another way, nor lock them for long, nor a row of `store`.
//! The constraints refuse a position or a version that is there already, and rows that lack one;
//! in a store whose events are in partitions, a position only where it is in the same one.
//! They do not refuse a row beyond the head: reads and subscriptions of the whole store do not show
//! it, and the first append that comes to its position or version fails with `Corrupted`, until the
//! row is removed. They do not notice rows that are changed or removed; let no role do that.

mod backend;
mod blockers;
mod calls;
mod condition;
mod connect;
mod failure;
mod follow;
mod link;
mod lookout;
mod migrate;
mod open;
mod options;
mod partitions;
mod patience;
mod pool;
mod read;
mod replicas;
mod route;
mod session;
mod shared;
mod sql;
mod text;
mod tls;
mod transaction;
mod unreached;
mod url;
mod values;
mod watch;
mod work;
mod write;

pub use backend::Postgres;
pub use migrate::{MIGRATIONS, Migrate, Migration};
pub use options::{Create, Options};
pub use partitions::Partitions;
pub use tokio_postgres;
pub use transaction::{Access, Transaction};
pub use url::{Staleness, Target};
