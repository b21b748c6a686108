//! Proposals that are too large for one message, put together from their parts.

use std::collections::{BTreeMap, HashMap};

use bytes::{Bytes, BytesMut};

use super::recent::is_void;
use crate::entry::{Message, ProposalId};

/// The parts that have come in of proposals that are not whole yet.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    open: HashMap<ProposalId, Parts>,
}

#[derive(Debug)]
struct Parts {
    base: u64,
    /// By their number. Room is made for what has come, not for what a header announces.
    bodies: BTreeMap<u32, Bytes>,
}

impl Assembly {
    /// Adds the message at an entry. Gives the body of its proposal when that is whole now.
    pub(crate) fn add(&mut self, entry: u64, message: &Message) -> Option<Bytes> {
        let header = &message.header;
        if header.parts == 1 {
            return Some(message.body.clone());
        }
        self.open.retain(|_, parts| !is_void(entry, parts.base));
        if is_void(entry, header.base) {
            return None;
        }
        let parts = self
            .open
            .entry(header.proposal)
            .or_insert_with(|| Parts { base: header.base, bodies: BTreeMap::new() });
        parts.bodies.entry(header.part).or_insert_with(|| message.body.clone());
        if parts.bodies.len() < header.parts as usize {
            return None;
        }
        let parts = self.open.remove(&header.proposal)?;
        let mut whole = BytesMut::new();
        for body in parts.bodies.values() {
            whole.extend_from_slice(body);
        }
        Some(whole.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entry::{Header, Kind, RULES},
        node::recent::WINDOW,
    };

    fn part(part: u32, parts: u32, number: u64) -> Message {
        let header = Header {
            rules: RULES,
            kind: Kind::Proposal,
            part,
            parts,
            node: 1,
            proposal: ProposalId { session: 1, number },
            base: 0,
            claim: None,
            time: None,
        };
        let bytes = header.encode(&[part as u8]);
        Message::decode(1, &bytes).unwrap()
    }

    #[test]
    fn parts_come_in_any_order_between_others_and_more_than_once() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(1, &part(2, 3, 1)), None);
        assert_eq!(assembly.add(2, &part(0, 2, 2)), None);
        assert_eq!(assembly.add(3, &part(2, 3, 1)), None);
        assert_eq!(assembly.add(4, &part(0, 3, 1)), None);
        assert_eq!(assembly.add(5, &part(1, 3, 1)).as_deref(), Some(&[0, 1, 2][..]));
        assert_eq!(assembly.add(6, &part(1, 2, 2)).as_deref(), Some(&[0, 1][..]));
        assert!(assembly.open.is_empty());
    }

    #[test]
    fn what_is_never_whole_is_forgotten() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(1, &part(0, 2, 1)), None);
        assert_eq!(assembly.add(WINDOW + 1, &part(1, 2, 1)), None);
        assert!(assembly.open.is_empty());
    }
}
