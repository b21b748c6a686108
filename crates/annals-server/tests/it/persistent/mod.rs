//! Persistent subscriptions: groups whose consumers share events.

mod all;
mod manage;
mod parking;
mod restart;
mod sharing;
pub(crate) mod trial;
mod watched;
