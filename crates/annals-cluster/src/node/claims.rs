//! Whether the nodes' stores are still the same.
//!
//! Proposals say what the proposer's store was when it had applied some entry. Every node compares
//! that with its own. One that differs from at least as many others as it agrees with stops: with
//! two nodes both do, because neither can know which is right; of three the one does that is alone.

use std::collections::{HashMap, VecDeque};

use annals_core::{Error, ErrorKind, Result};

use super::tasks::CLAIMED_EVERY;
use crate::entry::Claim;

/// How many entries' digests are remembered.
const REMEMBERED: usize = 65_536;
/// For how many entries it counts what a node said. One that runs says something at least every
/// quarter of that; one that is gone must not be agreed with for ever.
const COUNTED_FOR: u64 = 4 * CLAIMED_EVERY;

/// The digests of this node's store, and what others said.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    digests: VecDeque<Claim>,
    /// What each other node's newest claim was, compared.
    others: HashMap<u64, Compared>,
}

#[derive(Debug, Clone, Copy)]
struct Compared {
    /// The entry that this node was at when it came to the claim.
    at: u64,
    is_same: bool,
}

impl Claims {
    /// Remembers this node's digest at an entry.
    pub(crate) fn remember(&mut self, own: Claim) {
        if self.digests.len() == REMEMBERED {
            self.digests.pop_front();
        }
        self.digests.push_back(own);
    }

    /// Compares what another node said.
    ///
    /// # Errors
    /// `Corrupted` when this node is the one to stop.
    pub(crate) fn compare(&mut self, node: u64, claim: Claim) -> Result<()> {
        let ends = self.digests.front().zip(self.digests.back());
        let Some((first, newest)) = ends else { return Ok(()) };
        let index = claim.entry.checked_sub(first.entry).and_then(|index| index.try_into().ok());
        let Some(own) = index.and_then(|index: usize| self.digests.get(index)) else {
            return Ok(());
        };
        let is_same = own.digest == claim.digest;
        let counted_from = newest.entry.saturating_sub(COUNTED_FOR);
        self.others.insert(node, Compared { at: newest.entry, is_same });
        self.others.retain(|_, said| said.at >= counted_from);
        let other = self.others.values().filter(|said| !said.is_same).count();
        let same = self.others.len() - other + 1;
        if other < same {
            return Ok(());
        }
        let message = format!(
            "at entry {} of the log this node's store differs from that of {other} other \
             node{}, and it agrees with {} besides itself; remove the folder of the node that is \
             wrong, so that it is made again from the log or from a backup of another node",
            claim.entry,
            if other == 1 { "" } else { "s" },
            same - 1
        );
        Err(Error::new(ErrorKind::Corrupted, message).with("entry", claim.entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let mut claims = Claims::default();
        for entry in 5..10 {
            claims.remember(Claim { entry, digest: entry * 100 });
        }
        claims
    }

    #[test]
    fn what_is_the_same_or_not_known_is_no_reason_to_stop() {
        let mut claims = claims();
        for entry in [0, 4, 10, u64::MAX] {
            assert!(claims.compare(1, Claim { entry, digest: 1 }).is_ok());
        }
        assert!(claims.compare(1, Claim { entry: 7, digest: 700 }).is_ok());
    }

    #[test]
    fn of_two_nodes_that_differ_both_stop() {
        assert!(claims().compare(1, Claim { entry: 7, digest: 1 }).is_err());
    }

    #[test]
    fn of_three_nodes_the_one_stops_that_is_alone() {
        let mut right = claims();
        assert!(right.compare(1, Claim { entry: 6, digest: 600 }).is_ok());
        assert!(right.compare(2, Claim { entry: 7, digest: 1 }).is_ok());
        let mut wrong = claims();
        assert!(wrong.compare(1, Claim { entry: 6, digest: 600 }).is_ok());
        assert!(wrong.compare(1, Claim { entry: 7, digest: 1 }).is_err());
    }

    #[test]
    fn nodes_that_are_gone_are_not_agreed_with() {
        let mut claims = claims();
        for gone in [1, 2] {
            assert!(claims.compare(gone, Claim { entry: 5, digest: 500 }).is_ok());
        }
        assert!(claims.compare(3, Claim { entry: 6, digest: 1 }).is_ok());
        for entry in 10..=9 + COUNTED_FOR {
            claims.remember(Claim { entry, digest: entry * 100 });
        }
        assert!(claims.compare(3, Claim { entry: 7, digest: 1 }).is_ok());
        let next = 10 + COUNTED_FOR;
        claims.remember(Claim { entry: next, digest: next * 100 });
        assert!(claims.compare(3, Claim { entry: 7, digest: 1 }).is_err());
    }
}
