//! Managing a server from outside: persistent subscriptions, and users.
//!
//! It speaks the protocol of KurrentDB, which `annals serve` has and other servers have too, so it
//! works with any of them. Wire types stop here.
//!
//! A persistent subscription is a [`GroupName`]: consumers that share the events of a stream or of
//! the whole store, with the server remembering how far they are. A [`Consumer`] is one of them.

mod consumer;
mod events;
mod failure;
mod groups;
mod ids;
mod leader;
mod parked;
mod server;
mod users;

pub use consumer::{Consumer, Received, Verdict};
pub use failure::{Refused, Result};
pub use groups::{
    Connection, Filter, GroupInfo, GroupName, Matching, Settings, Source, Start, Strategy,
};
pub use parked::Parked;
pub use server::{At, Server};
pub use users::User;
