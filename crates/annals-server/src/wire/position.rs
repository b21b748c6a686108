//! Positions on the wire.
//!
//! KurrentDB's clients take 0 for "before everything", and a position names one event with the
//! same number for commit and prepare. The store's first event has position 0, so the wire has
//! each position one higher.

use annals_core::Position;

/// A position as clients see it.
pub(crate) const fn to_wire(position: Position) -> u64 {
    position.get().saturating_add(1)
}

/// The event that a number from a client names; `None` for 0, which is before all events.
pub(crate) fn from_wire(number: u64) -> Option<Position> {
    number.checked_sub(1).map(Position::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_before_everything_and_every_position_comes_back() {
        assert_eq!(from_wire(0), None);
        for position in [0, 1, 1 << 40] {
            let position = Position::new(position);
            assert_eq!(from_wire(to_wire(position)), Some(position));
        }
    }
}
