//! What a subscription with marks gives.

use annals_core::Position;

use crate::Recorded;

/// What a subscription with marks gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every notice is an event; a box would cost each of them an allocation"
)]
pub enum Notice<E> {
    /// An event.
    Event(Recorded<E>),
    /// Everything there was has been given; what follows is live.
    CaughtUp {
        /// The newest position of the store at that moment.
        position: Option<Position>,
    },
    /// More was written than was read in one go; another [`CaughtUp`](Self::CaughtUp) follows.
    FellBehind {
        /// The newest position of the store at that moment.
        position: Option<Position>,
    },
}
