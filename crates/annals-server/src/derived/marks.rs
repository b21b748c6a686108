//! Where the places of long lists are, as far as they were counted: so that a reader deep in a list
//! need not count from its beginning.
//!
//! A mark never becomes wrong: nothing is ever stored at or below a position that was seen, and no
//! event is taken away. What is kept is bounded; what is dropped is counted again.

use std::{collections::HashMap, sync::Arc};

use annals_core::{Position, StreamName};
use parking_lot::Mutex;

/// Every how many events of a list there is a mark at first.
const EVERY: u64 = 256;
/// How many marks a list has at most; then every second one goes.
const MARKS_MAX: usize = 16_384;
/// How many lists have marks at once: with full ones, 32 MiB.
const LISTS_MAX: usize = 256;

/// The marks of all lists.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<Lists>);

#[derive(Debug, Default)]
struct Lists {
    of: HashMap<StreamName, Used>,
    uses: u64,
}

#[derive(Debug)]
struct Used {
    last: u64,
    counted: Arc<Mutex<Counted>>,
}

/// How far a list was counted.
#[derive(Debug)]
pub(super) struct Counted {
    every: u64,
    /// The positions of the events at 0, `every`, twice `every`, and so on.
    marks: Vec<Position>,
    furthest: Option<(u64, Position)>,
}

impl Marks {
    /// What is known of a list.
    pub(super) fn of(&self, stream: &StreamName) -> Arc<Mutex<Counted>> {
        let mut lists = self.0.lock();
        lists.uses += 1;
        let now = lists.uses;
        if let Some(used) = lists.of.get_mut(stream) {
            used.last = now;
            return Arc::clone(&used.counted);
        }
        if lists.of.len() >= LISTS_MAX {
            let oldest = lists.of.iter().min_by_key(|(_, used)| used.last);
            let oldest = oldest.map(|(stream, _)| stream.clone());
            oldest.map(|stream| lists.of.remove(&stream));
        }
        let counted = Arc::default();
        let used = Used { last: now, counted: Arc::clone(&counted) };
        lists.of.insert(stream.clone(), used);
        counted
    }
}

impl Default for Counted {
    fn default() -> Self {
        Self { every: EVERY, marks: Vec::new(), furthest: None }
    }
}

impl Counted {
    /// The last event that was counted.
    pub(super) const fn furthest(&self) -> Option<(u64, Position)> {
        self.furthest
    }

    /// The nearest known event at or before a place.
    pub(super) fn before(&self, ordinal: u64) -> Option<(u64, Position)> {
        if let Some(furthest) = self.furthest.filter(|(place, _)| *place <= ordinal) {
            return Some(furthest);
        }
        let index = usize::try_from(ordinal / self.every).ok()?;
        let index = index.min(self.marks.len().checked_sub(1)?);
        Some((index as u64 * self.every, *self.marks.get(index)?))
    }

    /// Takes note of where the event at a place stands.
    pub(super) fn note(&mut self, ordinal: u64, position: Position) {
        if self.furthest.is_none_or(|(place, _)| place < ordinal) {
            self.furthest = Some((ordinal, position));
        }
        if ordinal == self.marks.len() as u64 * self.every {
            self.marks.push(position);
        }
        if self.marks.len() > MARKS_MAX {
            let mut is_kept = false;
            self.marks.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.every *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(events: u64) -> Counted {
        let mut counted = Counted::default();
        for ordinal in 0..events {
            counted.note(ordinal, Position::new(ordinal * 10));
        }
        counted
    }

    #[test]
    fn the_nearest_mark_is_given() {
        assert_eq!(Counted::default().before(7), None);
        let counted = counted(1_000);
        let before = |ordinal| counted.before(ordinal).map(|(place, at)| (place, at.get()));
        assert_eq!(before(0), Some((0, 0)));
        assert_eq!(before(300), Some((256, 2_560)));
        assert_eq!(before(5_000), Some((999, 9_990)));
    }

    #[test]
    fn marks_become_fewer_before_they_become_too_many() {
        let events = EVERY * MARKS_MAX as u64 * 3;
        let counted = counted(events);
        assert!(counted.marks.len() <= MARKS_MAX);
        for ordinal in [0, 1, events / 2, events - 1] {
            let (place, at) = counted.before(ordinal).unwrap();
            assert!(place <= ordinal && ordinal - place < counted.every);
            assert_eq!(at.get(), place * 10);
        }
    }

    #[test]
    fn places_that_were_skipped_leave_no_mark() {
        let mut counted = Counted::default();
        counted.note(300, Position::new(3_000));
        assert_eq!(counted.before(299), None);
        assert_eq!(counted.before(300), Some((300, Position::new(3_000))));
    }

    #[test]
    fn the_list_that_was_not_used_for_longest_goes() {
        let marks = Marks::default();
        let name = |number: usize| StreamName::new(format!("$ce-{number}")).unwrap();
        for number in 0..LISTS_MAX {
            marks.of(&name(number)).lock().note(0, Position::FIRST);
        }
        drop(marks.of(&name(0)));
        drop(marks.of(&name(LISTS_MAX)));
        assert!(marks.of(&name(0)).lock().furthest().is_some());
        assert!(marks.of(&name(1)).lock().furthest().is_none());
    }
}
