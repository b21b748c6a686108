//! What a reader must at least see.

use crate::Position;

/// What a store's answers must at least know of, for [`Backend::catch_up`](crate::Backend::catch_up).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Everything that anyone had been told is stored, through any node, before this was asked
    /// for: reads after it are linearizable.
    Latest,
    /// Everything up to and including a position, such as that of one's own write through another
    /// node.
    Position(Position),
}
