//! The ids of the store's newest events, to recognise retries that name no exact version.

use std::collections::VecDeque;

use annals_core::{Position, Version, limits::RETRY_WINDOW_EVENTS};

use crate::index::term::{Term, TermMap};

/// The ids of the newest [`RETRY_WINDOW_EVENTS`] events, by stream.
///
/// What it holds follows from the log alone, so it is the same after a restart and on every copy
/// of the log.
#[derive(Debug, Default)]
pub(crate) struct RetryWindow {
    known: TermMap<(Version, Position)>,
    /// By position, the newest last.
    order: VecDeque<Term>,
    /// The position of the first in `order`.
    first: u64,
}

impl RetryWindow {
    /// A window whose first event will be the one at this position.
    pub(crate) fn beginning_at(first: u64) -> Self {
        Self { first, ..Self::default() }
    }

    /// Adds the next event of the store.
    pub(crate) fn add(&mut self, key: Term, version: Version, position: Position) {
        if self.order.len() as u64 == RETRY_WINDOW_EVENTS {
            self.forget_oldest();
        }
        self.order.push_back(key);
        self.known.insert(key, (version, position));
    }

    fn forget_oldest(&mut self) {
        let Some(key) = self.order.pop_front() else { return };
        // The same id may have been stored again since; then the newer place stays.
        if self.known.get(&key).is_some_and(|(_, position)| position.get() == self.first) {
            self.known.remove(&key);
        }
        self.first += 1;
    }

    /// Where an id stands among the newest events of a store that ends at `end`.
    pub(crate) fn find(&self, key: Term, end: u64) -> Option<(Version, Position)> {
        let begins = end.saturating_sub(RETRY_WINDOW_EVENTS);
        let found = self.known.get(&key).copied();
        found.filter(|(_, position)| (begins..end).contains(&position.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_forgets_the_oldest_and_keeps_what_came_again() {
        let mut window = RetryWindow::default();
        let key = |number: u64| Term(u128::from(number));
        let mut add = |key, position: u64| {
            window.add(key, Version::new(position), Position::new(position));
        };
        add(key(1), 0);
        add(key(2), 1);
        add(key(1), 2);
        for position in 3..RETRY_WINDOW_EVENTS + 2 {
            add(key(position + 10), position);
        }
        let end = RETRY_WINDOW_EVENTS + 2;
        assert_eq!(window.find(key(2), end), None);
        assert_eq!(window.find(key(1), end), Some((Version::new(2), Position::new(2))));
        assert_eq!(window.find(key(1), end + 1), None);
        assert_eq!(window.find(key(1), 2), None);
    }
}
