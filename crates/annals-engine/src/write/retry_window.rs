//! The ids of the store's newest events, to recognise retries that name no exact version.

use annals_core::{Position, Version, limits::RETRY_WINDOW_EVENTS};
use hashbrown::{HashTable, hash_table::Entry};

use crate::index::term::Term;

/// The ids of the newest [`RETRY_WINDOW_EVENTS`] events, by stream.
///
/// What it holds follows from the log alone, so it is the same after a restart and on every copy
/// of the log.
#[derive(Debug, Default)]
pub(crate) struct RetryWindow {
    /// A ring: once it is full, the next event takes the place of the oldest.
    events: Vec<Remembered>,
    /// Where the next event goes.
    next: usize,
    /// For each key the place of its newest event. Only places, because a table that events keep
    /// coming to and going from is mostly empty.
    places: HashTable<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Remembered {
    key: Term,
    version: Version,
    position: Position,
}

/// Half of a good hash is a good hash.
const fn hash(key: Term) -> u64 {
    key.0 as u64
}

impl RetryWindow {
    /// Adds the next event of the store.
    pub(crate) fn add(&mut self, key: Term, version: Version, position: Position) {
        let event = Remembered { key, version, position };
        let place = self.next;
        match self.events.get_mut(place) {
            None => self.events.push(event),
            Some(oldest) => {
                let forgotten = std::mem::replace(oldest, event);
                // When the same key has come again since, its newer place stays.
                let is_it = |known: &u32| *known as usize == place;
                if let Ok(known) = self.places.find_entry(hash(forgotten.key), is_it) {
                    known.remove();
                }
            }
        }
        self.next = (place + 1) % RETRY_WINDOW_EVENTS as usize;

        let key_at = |place: u32| self.events.get(place as usize).map(|event| event.key);
        let is_same = |known: &u32| key_at(*known) == Some(key);
        let rehash = |known: &u32| key_at(*known).map_or(0, hash);
        match self.places.entry(hash(key), is_same, rehash) {
            Entry::Occupied(mut known) => *known.get_mut() = place as u32,
            Entry::Vacant(free) => {
                free.insert(place as u32);
            }
        }
    }

    /// Where an id stands among the newest events of a store that ends at `end`.
    pub(crate) fn find(&self, key: Term, end: u64) -> Option<(Version, Position)> {
        let begins = end.saturating_sub(RETRY_WINDOW_EVENTS);
        let event_at = |place: &u32| self.events.get(*place as usize);
        let is_it = |place: &u32| event_at(place).is_some_and(|event| event.key == key);
        let found = self.places.find(hash(key), is_it).and_then(event_at)?;
        let is_in = (begins..end).contains(&found.position.get());
        is_in.then_some((found.version, found.position))
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
