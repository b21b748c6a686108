//! What is on the disk after a power loss.

use std::collections::BTreeMap;

use super::disk::{Change, Content, Disk};
use crate::random::Random;

/// Bytes that reach the disk together, or are torn.
const SECTOR: usize = 512;

/// The files after a power loss, as the seed decides.
pub(super) fn power_loss(disk: &Disk, seed: u64) -> BTreeMap<String, Vec<u8>> {
    let mut fate = Fate::new(seed);
    let mut names = disk.durable_names.clone();
    for change in &disk.pending_names {
        if fate.is_kept() {
            change.apply(&mut names);
        }
    }
    let survived = names.into_iter().filter_map(|(path, id)| {
        let content = disk.files.get(id)?;
        Some((path, survived(content, &mut fate)))
    });
    survived.collect()
}

/// How the unsynced fares. One in four disks loses all of it, one in four keeps all.
struct Fate {
    random: Random,
    temper: Temper,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Temper {
    LosesAll,
    KeepsAll,
    Mixed,
}

impl Fate {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let temper = match random.below(4) {
            0 => Temper::LosesAll,
            1 => Temper::KeepsAll,
            _ => Temper::Mixed,
        };
        Self { random, temper }
    }

    fn is_kept(&mut self) -> bool {
        self.of(1) == 1
    }

    /// How many of so many successive changes have reached the disk.
    fn of(&mut self, count: usize) -> usize {
        match self.temper {
            Temper::LosesAll => 0,
            Temper::KeepsAll => count,
            Temper::Mixed => usize::try_from(self.random.below(count as u64 + 1)).unwrap_or(count),
        }
    }

    /// How many bytes of a piece have reached the disk, of the first that has not whole.
    fn torn(&mut self, len: usize) -> usize {
        let is_torn = self.temper == Temper::Mixed && self.random.one_in(3);
        if is_torn { usize::try_from(self.random.below(len as u64)).unwrap_or(0) } else { 0 }
    }
}

/// A piece of a write within one sector.
struct Piece<'a> {
    sector: usize,
    offset: usize,
    bytes: &'a [u8],
}

fn pieces(offset: usize, bytes: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut at = offset;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let sector = at / SECTOR;
        let len = std::cmp::min(rest.len(), (sector + 1) * SECTOR - at);
        let (bytes, after) = rest.split_at(len);
        let piece = Piece { sector, offset: at, bytes };
        (at, rest) = (at + len, after);
        Some(piece)
    })
}

/// A file after a power loss: each sector as some of its writes left it, the length as some of
/// the changes did.
fn survived(file: &Content, fate: &mut Fate) -> Vec<u8> {
    let changes: Vec<_> = file.given_up.iter().chain(&file.pending).collect();
    let mut left = sector_writes(&changes);
    for writes in left.values_mut() {
        *writes = fate.of(*writes);
    }
    let mut lengths = fate.of(changes.len());
    let mut content = file.durable.clone();
    for change in changes {
        let changes_length = lengths > 0;
        lengths = lengths.saturating_sub(1);
        match change {
            Change::SetLen(len) if changes_length => content.resize(*len, 0),
            Change::SetLen(_) => {}
            Change::Write { offset, bytes } => {
                if changes_length && content.len() < offset + bytes.len() {
                    content.resize(offset + bytes.len(), 0);
                }
                for piece in pieces(*offset, bytes) {
                    put(&mut content, &piece, &mut left, fate);
                }
            }
        }
    }
    content
}

/// How often each sector was written.
fn sector_writes(changes: &[&Change]) -> BTreeMap<usize, usize> {
    let mut writes = BTreeMap::new();
    for change in changes {
        if let Change::Write { offset, bytes } = change {
            for piece in pieces(*offset, bytes) {
                *writes.entry(piece.sector).or_insert(0) += 1;
            }
        }
    }
    writes
}

/// Puts a piece where it belongs, if its sector still takes one; the first one after that may
/// have been torn.
fn put(content: &mut [u8], piece: &Piece<'_>, left: &mut BTreeMap<usize, usize>, fate: &mut Fate) {
    let len = match left.get_mut(&piece.sector) {
        Some(0) => {
            left.remove(&piece.sector);
            fate.torn(piece.bytes.len())
        }
        Some(left) => {
            *left -= 1;
            piece.bytes.len()
        }
        None => 0,
    };
    // What lies beyond the end of the file is not there.
    let end = std::cmp::min(piece.offset + len, content.len());
    if let Some(stretch) = content.get_mut(piece.offset..end) {
        let (reached, _) = piece.bytes.split_at(stretch.len());
        stretch.copy_from_slice(reached);
    }
}
