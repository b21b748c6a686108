//! Annals over the wire: the same contract on a store that a server has.
//!
//! [`Remote`] speaks Annals' own protocol with `annals serve`, which has a call for each thing a
//! store does. It runs in any program: its connections are driven on a thread of its own, or by a
//! Tokio runtime that is lent to it.
//!
//! * Two connections: one for calls that are answered by one message, one for reads and
//!   subscriptions. A subscription that nobody reads holds up neither the calls nor other
//!   subscriptions; what waits for it here is bounded by the window of its call, 1 MiB.
//! * What is written through a handle after it was asked to subscribe at the end comes after the
//!   start of that subscription. Between two handles the order is that of their calls at the server.
//!
//! # When the connection is lost
//!
//! A lost connection is made anew, by the next call or by what is under way.
//!
//! * Questions are asked again for as long as `patience` lasts, and a read goes on behind the last
//!   event it gave. After that the answer is `Unavailable`.
//! * An append that has events is sent again too: the store knows events by their ids, so they are
//!   stored once, and the answer is that of the first time. When patience ends it is `Unavailable`
//!   if the server could never be reached, so that nothing was stored, and `Timeout` if an answer
//!   was lost: the append may have been stored, and sending the same once more is safe.
//! * Any other write is sent again only when it cannot have arrived. When its answer is lost, that
//!   is a `Timeout`, and what became of it can be read.
//! * A subscription goes on until it is dropped: it begins anew behind the last event, checkpoint
//!   or mark that it gave, so that none is left out and none comes twice. Where it was live and
//!   has missed something it says so, as one that fell behind. It tries again after pauses of up to
//!   2 s, with a warning every 10 s, and ends only when the server refuses it, or has another store
//!   than before.
//!
//! `Closed` means this handle; a server that is stopping, or whose store is closed, is out of reach.
//!
//! [`Backend::close`](annals_core::Backend::close) closes the handle. The store stays open: it
//! belongs to its server.

mod backend;
mod connect;
mod failure;
mod follow;
mod list;
mod names;
mod read;
mod url;
mod wire;

pub use annals_client::Options;
pub use backend::Remote;
pub use url::Target;
