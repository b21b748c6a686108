//! The lists of sealed segments, in an LSM tree.
//!
//! The tree has no log of its own: the segments are its log. Each sealed segment is ingested in
//! one step that also moves the mark, so the tree always covers a whole number of segments.

use std::{fmt, path::Path, sync::Arc};

use annals_core::{Result, StateKey, StateKind};
use lsm_tree::{
    AbstractTree, AnyTree, Cache, Config, Guard, SeqNo, SequenceNumberCounter, compaction::Leveled,
};

use super::{
    codec::{
        self, CHUNK_ENTRIES, ListKind, MARK_KEY, Mark, StatePlace, decode_chunk, encode_chunk,
        head_key, list_key, list_key_first, state_key, state_prefix,
    },
    head::HeadEntry,
    memory::{MemoryIndex, StateSlot},
    term::Term,
};
use crate::{
    error::{corrupted, index_failed},
    format::{Damaged, record::state_kind_code},
};

/// Everything committed to the tree is visible.
const NEWEST: SeqNo = SeqNo::MAX;

/// The index of all sealed segments.
#[derive(Clone)]
pub(crate) struct Tree {
    tree: AnyTree,
    sequence: SequenceNumberCounter,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").finish_non_exhaustive()
    }
}

/// A chunk of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The version or position in its key.
    pub(crate) first: u64,
    /// Ascending.
    pub(crate) positions: Vec<u64>,
}

fn damaged(what: Damaged) -> annals_core::Error {
    corrupted(crate::log::names::INDEX_DIR, 0, what)
}

impl Tree {
    /// Opens the tree in a folder, or begins one.
    pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Result<Self> {
        let sequence = SequenceNumberCounter::default();
        let visible = SequenceNumberCounter::default();
        let tree = Config::new(dir, sequence.clone(), visible.clone())
            .use_cache(Arc::new(Cache::with_capacity_bytes(cache_bytes)))
            .open()
            .map_err(|error| index_failed("be opened", error))?;
        let next = tree.get_highest_seqno().map_or(0, |newest| newest + 1);
        sequence.fetch_max(next);
        visible.fetch_max(next);
        Ok(Self { tree, sequence })
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

    /// How many keys there are; looks at all of them.
    pub(crate) fn count(&self) -> Result<u64> {
        let count = self.tree.len(NEWEST, None).map_err(|e| index_failed("be read", e))?;
        Ok(count as u64)
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

    /// The last chunk whose key is at most `first`.
    pub(crate) fn chunk_at_most(
        &self,
        term: Term,
        kind: ListKind,
        first: u64,
    ) -> Result<Option<Chunk>> {
        let range = list_key(term, 0)..=list_key(term, first);
        self.chunk(self.tree.range(range, NEWEST, None).next_back(), kind)
    }

    /// The first chunk whose key is at least `first`.
    pub(crate) fn chunk_at_least(
        &self,
        term: Term,
        kind: ListKind,
        first: u64,
    ) -> Result<Option<Chunk>> {
        let range = list_key(term, first)..=list_key(term, u64::MAX);
        self.chunk(self.tree.range(range, NEWEST, None).next(), kind)
    }

    fn chunk(&self, item: Option<impl Guard>, kind: ListKind) -> Result<Option<Chunk>> {
        let Some(item) = item else { return Ok(None) };
        let (key, value) = item.into_inner().map_err(|error| index_failed("be read", error))?;
        let first = list_key_first(&key).map_err(damaged)?;
        let positions = decode_chunk(kind, first, &value).map_err(damaged)?;
        Ok(Some(Chunk { first, positions }))
    }

    /// Adds a sealed segment and moves the mark.
    pub(crate) fn ingest(
        &self,
        number: u32,
        first_position: u64,
        index: &MemoryIndex,
        mark: Mark,
    ) -> Result<()> {
        self.try_ingest(number, first_position, index, mark)
            .map_err(|error| index_failed("be written", error))
    }

    fn try_ingest(
        &self,
        number: u32,
        first_position: u64,
        index: &MemoryIndex,
        mark: Mark,
    ) -> lsm_tree::Result<()> {
        let mut ingestion = self.tree.ingestion()?;
        ingestion.write(MARK_KEY, mark.encode())?;

        let mut heads: Vec<_> = index.heads().collect();
        heads.sort_unstable_by_key(|(term, _)| **term);
        for (term, head) in heads {
            ingestion.write(head_key(*term), head.encode())?;
        }

        let mut states: Vec<_> =
            index.states().iter().map(|(k, slot)| (state_key(k), slot)).collect();
        states.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        for (key, slot) in states {
            let StateSlot { revision, offset, is_present, .. } = *slot;
            if is_present {
                let place = StatePlace { revision, segment: number, offset };
                ingestion.write(key, place.encode())?;
            } else {
                ingestion.write_tombstone(key)?;
            }
        }

        for_each_chunk(first_position, index, |key, value| ingestion.write(key, value))?;
        ingestion.finish()
    }

    /// Merges runs until few are left to look through. Takes a while; for a background thread.
    pub(crate) fn compact(&self) -> Result<()> {
        // Nothing reads old values: a reader with an old view finds newer heads harmless, because
        // it cuts what it reads at its own head.
        let strategy = Arc::new(Leveled::default());
        self.tree
            .compact(strategy, self.sequence.get())
            .map_err(|error| index_failed("be compacted", error))
    }

    /// Its size on disk in bytes.
    pub(crate) fn disk_bytes(&self) -> u64 {
        self.tree.disk_space()
    }
}

/// Every chunk of a segment's lists, as key and value, sorted by key.
pub(crate) fn for_each_chunk<E>(
    first_position: u64,
    index: &MemoryIndex,
    mut with: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let by_version = index.streams().map(|(term, list)| {
        (*term, ListKind::ByVersion, list.first_version, list.places.as_slice())
    });
    let by_position =
        index.lists().map(|(term, list)| (*term, ListKind::ByPosition, 0, list.as_slice()));
    let mut lists: Vec<_> = by_version.chain(by_position).collect();
    lists.sort_unstable_by_key(|(term, ..)| *term);
    let (mut positions, mut value) = (Vec::new(), Vec::new());
    for (term, kind, first_version, places) in lists {
        for (number, places) in places.chunks(CHUNK_ENTRIES).enumerate() {
            positions.clear();
            positions.extend(places.iter().map(|place| first_position + u64::from(*place)));
            let first = match kind {
                ListKind::ByVersion => first_version + (number * CHUNK_ENTRIES) as u64,
                ListKind::ByPosition => positions.first().copied().unwrap_or_default(),
            };
            encode_chunk(kind, &positions, &mut value);
            with(&list_key(term, first), &value)?;
        }
    }
    Ok(())
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
        Mark { store_id: uuid::Uuid::from_u128(1), covered, digest: 0 }
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
        let chunk = tree.chunk_at_most(stream, ListKind::ByVersion, 2_047).unwrap().unwrap();
        assert_eq!((chunk.first, chunk.positions.len()), (1_024, 1_024));
        let chunk = tree.chunk_at_least(tag, ListKind::ByPosition, 2_500).unwrap().unwrap();
        assert_eq!((chunk.first, chunk.positions.len()), (3_000, 10));
        assert_eq!(tree.chunk_at_least(tag, ListKind::ByPosition, 3_001).unwrap(), None);
        assert_eq!(tree.chunk_at_most(Term(7), ListKind::ByPosition, 9_999).unwrap(), None);
    }
}
