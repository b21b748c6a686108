//! Which proposals are in the log already, so that one that is in it twice is applied once.
//!
//! A publish whose answer is lost is published again, and both may arrive. So each proposal says
//! where the log ended when it was first published, and counts only within the next [`WINDOW`]
//! entries; within these every node remembers the ids of all proposals. What is beyond is void,
//! on every node, and its proposer knows that nothing of it was stored. A node that starts again
//! reads that far back to remember the same.

use std::collections::{HashSet, VecDeque};

use crate::entry::ProposalId;

/// How many entries after its base a proposal counts. It is part of the rules.
pub(crate) const WINDOW: u64 = 16_384;

/// What a proposal that came in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// To be applied.
    New,
    /// In the log before.
    Repeat,
    /// Too late.
    Void,
}

/// The ids of the proposals of the newest entries.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// In the order of the entries.
    order: VecDeque<(u64, ProposalId)>,
    ids: HashSet<ProposalId>,
}

impl Recent {
    /// Decides about the proposal that became whole with an entry, and remembers it.
    pub(crate) fn admit(&mut self, entry: u64, id: ProposalId, base: u64) -> Admission {
        if is_void(entry, base) {
            return Admission::Void;
        }
        while let Some((oldest, id)) = self.order.front().copied() {
            if entry - oldest < WINDOW {
                break;
            }
            self.ids.remove(&id);
            self.order.pop_front();
        }
        if !self.ids.insert(id) {
            return Admission::Repeat;
        }
        self.order.push_back((entry, id));
        Admission::New
    }
}

/// Whether an entry comes too late for a proposal with this base.
pub(crate) const fn is_void(entry: u64, base: u64) -> bool {
    entry > base.saturating_add(WINDOW)
}

/// Where a node that has applied everything up to an entry has to begin to read.
pub(crate) const fn reads_from(applied: u64) -> u64 {
    let first = (applied + 1).saturating_sub(WINDOW);
    if first == 0 { 1 } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> ProposalId {
        ProposalId { session: 1, number }
    }

    #[test]
    fn a_proposal_counts_once_however_late_it_comes_again() {
        let base = 10;
        for again in [12, base + WINDOW, base + WINDOW + 1] {
            let mut recent = Recent::default();
            assert_eq!(recent.admit(11, id(1), base), Admission::New);
            let admission = recent.admit(again, id(1), base);
            assert_ne!(admission, Admission::New, "{again}");
        }
    }

    #[test]
    fn what_comes_too_late_is_void_also_the_first_time() {
        let mut recent = Recent::default();
        assert_eq!(recent.admit(WINDOW, id(1), 0), Admission::New);
        assert_eq!(recent.admit(WINDOW + 1, id(2), 0), Admission::Void);
        assert_eq!(recent.admit(WINDOW + 1, id(2), 1), Admission::New);
    }

    #[test]
    fn a_node_that_starts_again_remembers_enough() {
        let applied = WINDOW + 500;
        let mut anew = Recent::default();
        for entry in reads_from(applied)..=applied {
            anew.admit(entry, id(entry), entry - 1);
        }
        // The oldest proposal that still counts in the next entry.
        let base = applied + 1 - WINDOW;
        let first_after = base + 1;
        assert_eq!(anew.admit(applied + 1, id(first_after), base), Admission::Repeat);
    }

    #[test]
    fn it_remembers_no_more_than_the_window() {
        let mut recent = Recent::default();
        for entry in 1..=3 * WINDOW {
            recent.admit(entry, id(entry), entry - 1);
        }
        assert_eq!(recent.order.len() as u64, WINDOW);
        assert_eq!(recent.ids.len() as u64, WINDOW);
    }
}
