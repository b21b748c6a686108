//! What a reader must at least see.

use crate::Position;

/// What a store's answers must at least know of, for [`Backend::catch_up`](crate::Backend::catch_up).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Everything that anyone had been told is stored, through any node, before this was asked
    /// for: reads after it are linearizable.
    Latest,
    /// Everything that whoever leads the nodes knows of: cheaper than `Latest`, and less. What was
    /// acknowledged through another node in the last moment may be missing, and while the leader is
    /// cut off from the others what came since.
    Leader,
    /// Everything up to and including a position, such as that of one's own write through another
    /// node.
    Position(Position),
}
