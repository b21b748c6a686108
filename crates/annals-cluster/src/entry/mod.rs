//! What the messages of the log say.
//!
//! A message is a header of fixed length and a body. The body of a *proposal* is a list of
//! commands; one that is too large for a message goes as several *parts*, which nodes put together
//! again. The first message of a log is its *genesis*. All numbers are little endian.
//!
//! A message that cannot be read stops a node instead of being passed over: where the log gives two
//! nodes different bytes, going on would make their stores differ.

mod begin;
mod commands;
mod genesis;

use annals_core::{Error, ErrorKind, Result, Timestamp};
use bytes::Bytes;

pub(crate) use begin::led;
pub use begin::{Begun, begin};
pub(crate) use commands::{commands, put_command};
pub use genesis::Genesis;

/// The rules by which this build decides what becomes of a command. A change of what is accepted,
/// or of what is written for it, is a new version.
pub const RULES: u16 = 1;

/// Length of what stands in front of a body.
pub(crate) const HEADER_LEN: usize = 80;

const MAGIC: [u8; 4] = *b"ANP1";
const CRC_COVERS_FROM: usize = 8;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The first of a log.
    Genesis,
    /// Commands, or a part of them.
    Proposal,
}

/// What stands in front of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The rules by which the commands are to be decided.
    pub(crate) rules: u16,
    pub(crate) kind: Kind,
    /// Which part of the proposal this is, from 0, and of how many.
    pub(crate) part: u32,
    pub(crate) parts: u32,
    /// Which node proposes.
    pub(crate) node: u64,
    pub(crate) proposal: ProposalId,
    /// The end of the log when the proposal was first published, or earlier.
    pub(crate) base: u64,
    /// What the proposer's store was, for the other nodes to compare.
    pub(crate) claim: Option<Claim>,
    /// The time that the commands have instead of the log's.
    pub(crate) time: Option<Timestamp>,
}

/// Tells a proposal from all others, so that one that is in the log twice is applied once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ProposalId {
    /// Drawn when a node starts.
    pub(crate) session: u64,
    /// Counts from 1 in each session.
    pub(crate) number: u64,
}

/// The digest of a node's store when it had applied an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Which entry, from 1.
    pub(crate) entry: u64,
    pub(crate) digest: u64,
}

/// A message whose checksum has been checked.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) header: Header,
    pub(crate) body: Bytes,
    /// The checksum, which tells it from another message.
    pub(crate) checksum: u32,
}

impl Header {
    /// Puts the header in front of a body.
    pub(crate) fn encode(&self, body: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(HEADER_LEN + body.len());
        let claim = self.claim.unwrap_or(Claim { entry: 0, digest: 0 });
        let kind: u8 = match self.kind {
            Kind::Genesis => 1,
            Kind::Proposal => 2,
        };
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.rules.to_le_bytes());
        out.extend_from_slice(&[kind, 0]);
        out.extend_from_slice(&self.part.to_le_bytes());
        out.extend_from_slice(&self.parts.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let numbers = [
            self.node,
            self.proposal.session,
            self.proposal.number,
            self.base,
            claim.entry,
            claim.digest,
            self.time.map_or(i64::MIN, Timestamp::as_micros).cast_unsigned(),
        ];
        for number in numbers {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(body);
        let crc = crc32c::crc32c(out.get(CRC_COVERS_FROM..).unwrap_or_default());
        let (_, rest) = out.split_at_mut(MAGIC.len());
        let (place, _) = rest.split_at_mut(4);
        place.copy_from_slice(&crc.to_le_bytes());
        out.into()
    }
}

impl Message {
    /// Reads the message that stands at a sequence.
    ///
    /// # Errors
    /// `Corrupted` when it is none of ours or its bytes have changed, `Unsupported` when a newer
    /// version wrote it by rules that this one does not know.
    pub(crate) fn decode(sequence: u64, bytes: &Bytes) -> Result<Self> {
        let damaged = |what: &str| {
            let message = format!(
                "entry {sequence} of the log {what}; this node stops, because going on would make \
                 it differ from the others: see that only nodes may publish to the log, and check \
                 the log's servers"
            );
            Error::new(ErrorKind::Corrupted, message).with("entry", sequence)
        };
        let mut fields = Fields(bytes);
        if fields.take() != Some(MAGIC) {
            return Err(damaged("was not written by a node of Annals"));
        }
        let Some(checksum) = fields.take().map(u32::from_le_bytes) else {
            return Err(damaged("is too short"));
        };
        if bytes.get(CRC_COVERS_FROM..).map(crc32c::crc32c) != Some(checksum) {
            return Err(damaged("is damaged: its checksum does not match"));
        }
        let rules = fields.take().map(u16::from_le_bytes);
        let rules = rules.ok_or_else(|| damaged("is too short"))?;
        if rules > RULES {
            let message = format!(
                "entry {sequence} of the log was written by rules {rules} and this node knows \
                 those up to {RULES}; install the newer version of Annals on it"
            );
            return Err(Error::new(ErrorKind::Unsupported, message).with("entry", sequence));
        }
        let header = fields.header(rules).ok_or_else(|| damaged("has no valid header"))?;
        Ok(Self { header, body: bytes.slice(HEADER_LEN..), checksum })
    }
}

/// What is left of a header.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn header(&mut self, rules: u16) -> Option<Header> {
        let kind = match self.take()? {
            [1, 0] => Kind::Genesis,
            [2, 0] => Kind::Proposal,
            _ => return None,
        };
        let part = self.take().map(u32::from_le_bytes)?;
        let parts = self.take().map(u32::from_le_bytes)?;
        let _reserved: [u8; 4] = self.take()?;
        let node = self.number()?;
        let proposal = ProposalId { session: self.number()?, number: self.number()? };
        let base = self.number()?;
        let claim = Claim { entry: self.number()?, digest: self.number()? };
        let claim = (claim.entry > 0).then_some(claim);
        let time = self.take().map(i64::from_le_bytes)?;
        let time = (time > i64::MIN).then_some(Timestamp::from_micros(time));
        let header = Header { rules, kind, part, parts, node, proposal, base, claim, time };
        (part < parts).then_some(header)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header() -> Header {
        Header {
            rules: RULES,
            kind: Kind::Proposal,
            part: 1,
            parts: 2,
            node: 3,
            proposal: ProposalId { session: 4, number: 5 },
            base: 6,
            claim: Some(Claim { entry: 7, digest: 8 }),
            time: None,
        }
    }

    #[test]
    fn a_message_comes_back() {
        for claim in [None, header().claim] {
            let time = claim.map(|_| Timestamp::from_micros(-9));
            let header = Header { claim, time, ..header() };
            let message = Message::decode(1, &header.encode(b"body")).unwrap();
            assert_eq!((message.header, message.body.as_ref()), (header, &b"body"[..]));
        }
    }

    #[test]
    fn every_flipped_bit_stops() {
        let bytes = header().encode(b"body");
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Message::decode(1, &bytes.into()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn newer_rules_are_told_from_damage() {
        let bytes = Header { rules: RULES + 1, ..header() }.encode(b"");
        let error = Message::decode(9, &bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("entry 9"), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(Message::decode(1, &bytes.into()).is_err());
        }
    }
}
