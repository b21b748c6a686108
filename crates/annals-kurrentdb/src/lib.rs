//! The store of a KurrentDB or EventStoreDB, through the protocol that its clients speak (v1).
//!
//! [`KurrentDb`] keeps the contract of [`Backend`](annals_core::Backend) as far as that protocol
//! reaches, so that everything that works on a store works on the server somebody has already: it
//! is read, followed, exported and taken over. An Annals server is understood as well.
//!
//! # What it gives
//!
//! * A position is the server's commit position, unchanged. On a KurrentDB that is a place in its
//!   log, so there are gaps; on an Annals server it is one more than the same position through
//!   `annals:`. A subscription goes on after exactly the event or checkpoint whose position it is
//!   given.
//! * Reads of the whole store leave out the streams of the system, whose names begin with `$`, and
//!   with them the links of the server's own projections; the settings of other streams (`$$name`)
//!   and tombstones are there. A query that names a stream or category gets it, also the system's.
//!   Links that a projection wrote into other streams are events like all others, not resolved, so
//!   that their streams have no gaps.
//! * Queries by type, stream and category are filters of the server. The array of strings `$tags`
//!   in the metadata of an event is its tags, as on an Annals server.
//! * The time of an event is when the server recorded it. Nothing else is kept there.
//!
//! # What it cannot do
//!
//! It is `Unsupported` to append to several streams at once, on conditions, or together with a
//! checkpoint; to write events with a time of their own, a schema version other than 1, a content
//! type that is neither JSON nor plain bytes, or tags that are not in the metadata; to query by
//! tags or correlation id; and to keep state. How many events there are is not known. Of a stream
//! that is deleted the last version is not known, and whether the events of an append were there
//! before is known only where the same handle had been given their position. EventStoreDB before 23.10 never says that a subscription has caught up.
//!
//! # When the connection is lost
//!
//! Reads and questions are asked again for as long as patience lasts, and subscriptions go on, as
//! with `annals:`. An append that expects an exact version, or no stream, is sent again, because
//! the server knows its events by their ids; one that expects less is not, because a server knows
//! those for a while only: when its answer is lost that is a `Timeout`.
//!
//! Where the URL names several servers or `+discover`, the one to talk to is chosen on opening.

mod append;
mod backend;
mod connect;
mod delete;
mod discover;
mod failure;
mod filter;
mod follow;
mod info;
mod list;
mod read;
mod unsupported;
mod url;
mod wire;

pub use annals_client::Options;
pub use backend::KurrentDb;
pub use url::Target;
