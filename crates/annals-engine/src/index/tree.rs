//! The lists of sealed segments, in an LSM tree.
//!
//! The tree has no log of its own: the segments are its log. Each sealed segment is ingested in
//! one step that also moves the mark, so the tree always covers a whole number of segments.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use annals_core::{Result, StateKey, StateKind};
use lsm_tree::{
    AbstractTree, AnyTree, Cache, Config, Guard, SeqNo, SequenceNumberCounter, compaction::Leveled,
    config::PinningPolicy,
};

use super::{
    codec::{
        self, BLOCK_ENTRIES, ListEntry, MARK_KEY, Mark, StatePlace, block_key, decode_block,
        encode_block, head_key, is_list_key, list_key, state_key, state_prefix,
    },
    head::HeadEntry,
    memory::{MemoryIndex, StateSlot},
    tables,
    term::Term,
};
use crate::{
    error::{corrupted, index_failed},
    format::{Damaged, record::state_kind_code},
};

/// Everything committed to the tree is visible.
const NEWEST: SeqNo = SeqNo::MAX;

/// Ingested segments that may stand side by side before they are merged. Filters make a run that
/// lacks a key cheap to ask, and each merge writes the whole level again.
const RUNS_BEFORE_MERGING: u8 = 8;

/// The index of all sealed segments.
#[derive(Clone)]
pub(crate) struct Tree {
    tree: AnyTree,
    sequence: SequenceNumberCounter,
    dir: PathBuf,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").finish_non_exhaustive()
    }
}

fn damaged(what: Damaged) -> annals_core::Error {
    corrupted(crate::log::names::INDEX_DIR, 0, what)
}

impl Tree {
    /// Opens the tree in a folder, or begins one.
    pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Result<Self> {
        tables::check(dir).map_err(damaged)?;
        let sequence = SequenceNumberCounter::default();
        let visible = SequenceNumberCounter::default();
        let tree = Config::new(dir, sequence.clone(), visible.clone())
            .use_cache(Arc::new(Cache::with_capacity_bytes(cache_bytes)))
            // In parts, because a lookup that is not cached must not read the filter of a whole
            // table (megabytes) to answer for one key.
            .filter_block_partitioning_policy(PinningPolicy::all(true))
            .index_block_partitioning_policy(PinningPolicy::all(true))
            .open()
            .map_err(|error| index_failed("be opened", error))?;
        let next = tree.get_highest_seqno().map_or(0, |newest| newest + 1);
        sequence.fetch_max(next);
        visible.fetch_max(next);
        Ok(Self { tree, sequence, dir: dir.to_owned() })
    }

    /// Removes a tree from disk, whatever is left of it.
    pub(crate) fn remove(dir: &Path) -> std::io::Result<()> {
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Up to where the tree covers the log; `None` for an empty tree.
    pub(crate) fn mark(&self) -> Result<Option<Mark>> {
        let value = self.get(&MARK_KEY)?;
        value.map(|value| Mark::decode(&value).map_err(damaged)).transpose()
    }

    /// The head of a stream.
    pub(crate) fn head(&self, base: Term) -> Result<Option<HeadEntry>> {
        let value = self.get(&head_key(base))?;
        value.map(|value| HeadEntry::decode(&value).map_err(damaged)).transpose()
    }

    /// Where a piece of state is.
    pub(crate) fn state(&self, key: &StateKey) -> Result<Option<StatePlace>> {
        let value = self.get(&state_key(key))?;
        value.map(|value| StatePlace::decode(&value).map_err(damaged)).transpose()
    }

    /// The value of any key; for checking.
    pub(crate) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.get(key)?.map(|value| value.to_vec()))
    }

    fn get(&self, key: &[u8]) -> Result<Option<lsm_tree::UserValue>> {
        self.tree.get(key, NEWEST).map_err(|error| index_failed("be read", error))
    }

    /// All state of a kind whose name begins with a prefix: names and places, sorted by name.
    pub(crate) fn states(
        &self,
        kind: StateKind,
        prefix: &str,
    ) -> Result<Vec<(Vec<u8>, StatePlace)>> {
        let prefix = state_prefix(state_kind_code(kind), prefix);
        let mut found = Vec::new();
        for item in self.tree.prefix(prefix, NEWEST, None) {
            let (key, value) = item.into_inner().map_err(|e| index_failed("be read", e))?;
            let place = StatePlace::decode(&value).map_err(damaged)?;
            found.push((codec::state_key_name(&key).to_vec(), place));
        }
        Ok(found)
    }

    /// A list: how long it is, and its last entries.
    pub(crate) fn list(&self, term: Term) -> Result<Option<ListEntry>> {
        let value = self.get(&list_key(term))?;
        value.map(|value| ListEntry::decode(&value).map_err(damaged)).transpose()
    }

    /// A full block of a list.
    pub(crate) fn block(&self, term: Term, block: u32) -> Result<Vec<u64>> {
        const MISSING: Damaged = Damaged("a block of a list is missing");
        let value = self.get(&block_key(term, block))?.ok_or_else(|| damaged(MISSING))?;
        decode_block(&value).map_err(damaged)
    }

    /// How many entries all lists have together; looks at all of them.
    pub(crate) fn entries(&self) -> Result<u64> {
        let mut entries = 0;
        for item in self.tree.iter(NEWEST, None) {
            let (key, value) = item.into_inner().map_err(|e| index_failed("be read", e))?;
            if is_list_key(&key) {
                entries += ListEntry::decode(&value).map_err(damaged)?.count;
            }
        }
        Ok(entries)
    }

    /// Adds a sealed segment and moves the mark. Where this fails the tree is as before.
    pub(crate) fn ingest(
        &self,
        number: u32,
        first_position: u64,
        index: &MemoryIndex,
        mark: Mark,
    ) -> Result<()> {
        self.change(|| self.ingest_all(number, first_position, index, mark))
    }

    /// Changes the tree. Of a change that failed, nothing is left that would take room.
    fn change(&self, change: impl FnOnce() -> Result<()>) -> Result<()> {
        let before = tables::all(&self.dir);
        change().inspect_err(|_| before.iter().for_each(|before| tables::keep(&self.dir, before)))
    }

    fn ingest_all(
        &self,
        number: u32,
        first_position: u64,
        index: &MemoryIndex,
        mark: Mark,
    ) -> Result<()> {
        let mut ingestion =
            self.tree.ingestion().map_err(|error| index_failed("be written", error))?;
        let mut write = |key: &[u8], value: &[u8]| {
            ingestion.write(key, value).map_err(|error| index_failed("be written", error))
        };
        write(&MARK_KEY, &mark.encode())?;
        let mut heads: Vec<_> = index.heads().collect();
        heads.sort_unstable_by_key(|(term, _)| **term);
        for (term, head) in heads {
            write(&head_key(*term), &head.encode())?;
        }
        let states: BTreeMap<_, _> =
            index.states().iter().map(|(key, slot)| (state_key(key), slot)).collect();
        for (key, slot) in states {
            let StateSlot { revision, offset, is_present, .. } = *slot;
            if is_present {
                let place = StatePlace { revision, segment: number, offset };
                ingestion.write(key, place.encode())
            } else {
                ingestion.write_tombstone(key)
            }
            .map_err(|error| index_failed("be written", error))?;
        }
        let mut write = |key: &[u8], value: &[u8]| {
            ingestion.write(key, value).map_err(|error| index_failed("be written", error))
        };
        let mut lists: Vec<_> = index.postings().collect();
        lists.sort_unstable_by_key(|(term, _)| *term);
        for (term, places) in lists {
            let positions = places.iter().map(|place| first_position + u64::from(*place));
            self.extend_list(term, positions, &mut write)?;
        }
        ingestion.finish().map_err(|error| index_failed("be written", error))
    }

    /// Writes a list with more entries: its own value first, then the blocks that became full.
    fn extend_list(
        &self,
        term: Term,
        positions: impl Iterator<Item = u64>,
        write: &mut impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut list = self.list(term)?.unwrap_or_default();
        let first_block = list.blocks();
        let before = list.tail.len();
        list.tail.extend(positions);
        list.count += (list.tail.len() - before) as u64;
        // One entry at least stays in the tail, so that the newest is always at hand.
        let full = list.tail.len().saturating_sub(1) / BLOCK_ENTRIES;
        let tail = list.tail.split_off(full * BLOCK_ENTRIES);
        let blocks = std::mem::replace(&mut list.tail, tail);
        let mut value = Vec::new();
        list.encode(&mut value);
        write(&list_key(term), &value)?;
        for (block, positions) in (first_block..).zip(blocks.chunks(BLOCK_ENTRIES)) {
            encode_block(positions, &mut value);
            write(&block_key(term, block), &value)?;
        }
        Ok(())
    }

    /// Merges runs until few are left to look through. Takes a while; for a background thread.
    pub(crate) fn compact(&self) -> Result<()> {
        // Nothing reads old values: a reader with an old view finds newer heads harmless, because
        // it cuts what it reads at its own head.
        let strategy = Arc::new(Leveled::default().with_l0_threshold(RUNS_BEFORE_MERGING));
        self.change(|| {
            let compacted = self.tree.compact(strategy, self.sequence.get());
            compacted.map_err(|error| index_failed("be compacted", error))
        })
    }

    /// Its size on disk in bytes.
    pub(crate) fn disk_bytes(&self) -> u64 {
        self.tree.disk_space()
    }
}

#[cfg(test)]
mod tests {
    use annals_core::Version;

    use super::*;
    use crate::index::memory::{EventPlace, Indexed};

    fn segment(stream: Term, tag: Term, versions: std::ops::Range<u64>) -> MemoryIndex {
        let mut index = MemoryIndex::default();
        for version in versions.clone() {
            index.add_event(&Indexed {
                place: EventPlace { offset: 64, len: 10 },
                stream,
                version: Version::new(version),
                terms: &[tag],
                begun: Term(99),
                tombstone: None,
            });
        }
        let head = HeadEntry { last: Some(Version::new(versions.end - 1)), ..HeadEntry::default() };
        index.set_head(stream, head);
        index
    }

    fn mark(covered: u64) -> Mark {
        Mark { store_id: uuid::Uuid::from_u128(1), hash_seed: 2, covered, digest: 0 }
    }

    #[test]
    fn what_failed_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Tree::open(dir.path(), 1 << 20).unwrap();
        tree.ingest(0, 0, &segment(Term(5), Term(6), 0..10), mark(10)).unwrap();
        let before = tables::all(dir.path()).unwrap();
        let half_done = || {
            std::fs::write(dir.path().join("tables/999"), [0; 9]).unwrap();
            Err(damaged(Damaged("no room")))
        };
        assert!(tree.change(half_done).is_err());
        assert_eq!(tables::all(dir.path()).unwrap(), before);
        assert_eq!(tree.mark().unwrap(), Some(mark(10)));
    }

    #[test]
    fn two_segments_are_found_again_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let (stream, tag) = (Term(5), Term(6));
        {
            let tree = Tree::open(dir.path(), 1 << 20).unwrap();
            assert_eq!(tree.mark().unwrap(), None);
            tree.ingest(0, 0, &segment(stream, tag, 0..3_000), mark(3_000)).unwrap();
            tree.ingest(1, 3_000, &segment(stream, tag, 3_000..3_010), mark(3_010)).unwrap();
            tree.compact().unwrap();
        }
        let tree = Tree::open(dir.path(), 1 << 20).unwrap();
        assert_eq!(tree.mark().unwrap(), Some(mark(3_010)));
        assert_eq!(tree.head(stream).unwrap().unwrap().last, Some(Version::new(3_009)));
        for term in [stream, tag] {
            let list = tree.list(term).unwrap().unwrap();
            assert_eq!((list.count, list.blocks(), list.tail_first()), (3_010, 11, 2_816));
            assert_eq!(list.tail, (2_816..3_010).collect::<Vec<_>>());
            assert_eq!(tree.block(term, 10).unwrap(), (2_560..2_816).collect::<Vec<_>>());
            assert!(tree.block(term, 11).is_err());
        }
        assert_eq!(tree.list(Term(7)).unwrap(), None);
        assert_eq!(tree.entries().unwrap(), 2 * 3_010 + 1);
    }
}
