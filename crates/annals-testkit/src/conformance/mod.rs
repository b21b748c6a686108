//! The conformance suite: what every backend must do, one sentence a case, a file a topic.
//!
//! A case gets a fresh, empty store and works on it through [`Store`](crate::Store), which checks
//! on the way that reads are in order and that refusals write nothing. It knows no backend.

mod append;
mod capabilities;
mod checkpoints;
mod closing;
mod conditions;
mod durability;
mod examples;
mod inline;
mod limits;
mod limits_wide;
mod listing;
mod multi_stream;
mod payloads;
mod positions;
mod queries;
mod reads;
mod restore;
mod retention;
mod retry;
mod settings;
mod soft_delete;
mod state;
mod stream_subscriptions;
mod subscriptions;
mod tags;
mod times;
mod tombstone;

use crate::Case;

const TOPICS: &[&[Case]] = &[
    append::CASES,
    retry::CASES,
    multi_stream::CASES,
    conditions::CASES,
    reads::CASES,
    queries::CASES,
    tags::CASES,
    positions::CASES,
    payloads::CASES,
    times::CASES,
    settings::CASES,
    retention::CASES,
    soft_delete::CASES,
    tombstone::CASES,
    subscriptions::CASES,
    stream_subscriptions::CASES,
    state::CASES,
    checkpoints::CASES,
    listing::CASES,
    limits::CASES,
    limits_wide::CASES,
    closing::CASES,
    durability::CASES,
    restore::CASES,
    inline::CASES,
    capabilities::CASES,
];

/// Every case of the suite.
pub(crate) fn cases() -> impl Iterator<Item = Case> {
    TOPICS.iter().chain(examples::CASES).copied().flatten().copied()
}
