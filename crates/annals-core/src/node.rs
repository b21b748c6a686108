//! The nodes that keep one store together.

use crate::{Name, Position, Timestamp};

/// One of the nodes that keep a store together, as another one last heard of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name, which no other node of the store has.
    pub name: Name,
    /// Whether it is the one that was asked.
    pub is_this: bool,
    /// Where clients reach it, as `HOST:PORT`; `None` when it takes none.
    pub address: Option<String>,
    /// When it was last heard of, by the clock of the one that was asked.
    pub heard_at: Timestamp,
    /// Whether it was heard of lately, and applies what it hears.
    pub is_alive: bool,
    /// The newest event that it has.
    pub head: Option<Position>,
    /// How many entries of the log it had applied.
    pub applied: u64,
    /// How many entries of the log it knew of and had not applied.
    pub behind: u64,
}
