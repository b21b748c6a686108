//! Bringing the index up to the log.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use annals_core::{Error, ErrorKind, Position, Result};
use bytes::Bytes;

use super::{
    Replay, RetryEntry,
    replay::{replay, trim},
    retry_begins, segments,
};
use crate::{
    error::{corrupted, io_failed},
    format::{
        Damaged,
        manifest::{Manifest, SealedSegment},
        position_table::PositionTable,
        segment_header::SegmentHeader,
    },
    index::{
        codec::Mark,
        memory::{MemoryIndex, MemorySegment},
        term::Terms,
        tree::Tree,
        view::View,
    },
    log::{
        manifest_files, names,
        scan::{self, Tail},
        sealed::{SealedFile, write_table},
    },
    options::Options,
    report::{OpenReport, TornTail},
    storage::{Storage, StorageFile},
    write::open_segment::OpenSegment,
};

/// A store being opened: everything sealed is in the view.
pub(crate) struct Builder {
    storage: Arc<dyn Storage>,
    pub(super) view: View,
    pub(super) manifest: Manifest,
    pub(super) terms: Terms,
    /// The newest events, ascending.
    pub(super) retry: Vec<RetryEntry>,
}

/// A file in the index's folder that says that the tree must be made again.
pub(crate) const DAMAGED_MARKER: &str = "DAMAGED";

/// Opens the index and enters the sealed segments that it lacks.
pub(super) fn open(
    storage: &Arc<dyn Storage>,
    dir: &Path,
    manifest: Manifest,
    terms: Terms,
    options: &Options,
    report: &mut OpenReport,
) -> Result<Builder> {
    let (tree, covered) = match usable(dir, &manifest, options) {
        Ok(usable) => usable,
        Err(why) => {
            report.index_rebuilt = Some(why);
            Tree::remove(dir)
                .map_err(|error| io_failed("remove the damaged index", names::INDEX_DIR, error))?;
            (Tree::open(dir, options.index_cache_bytes)?, 0)
        }
    };
    let store_id = manifest.store_id;
    let sealed =
        |entry: &SealedSegment| Arc::new(SealedFile::new(Arc::clone(storage), store_id, *entry));
    let (done, missing) = manifest.sealed.split_at(covered);
    let view =
        View { tree, sealed: Arc::new(done.iter().map(sealed).collect()), memory: Vec::new() };
    let missing: Vec<_> = missing.iter().map(sealed).collect();
    let mut builder =
        Builder { storage: Arc::clone(storage), view, manifest, terms, retry: Vec::new() };
    for file in &missing {
        builder.index_sealed(file)?;
        report.segments_indexed += 1;
    }
    if !missing.is_empty() {
        builder.view.tree.compact()?;
    }
    Ok(builder)
}

/// The tree and how many sealed segments it covers, or why it cannot be used.
fn usable(dir: &Path, manifest: &Manifest, options: &Options) -> Result<(Tree, usize), String> {
    if dir.join(DAMAGED_MARKER).exists() {
        return Err("it was found damaged while in use".to_owned());
    }
    let existed = dir.exists();
    // The tree's own code panics on some kinds of damage; for a cache that is just damage.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let tree = Tree::open(dir, options.index_cache_bytes)?;
        let mark = tree.mark()?;
        Result::<_, Error>::Ok((tree, mark))
    }));
    let (tree, mark) = match opened {
        Err(_) => return Err("it cannot be opened".to_owned()),
        Ok(Err(error)) => return Err(error.to_string()),
        Ok(Ok(opened)) => opened,
    };
    let Some(mark) = mark else {
        if existed && !manifest.sealed.is_empty() {
            return Err("it is empty".to_owned());
        }
        // A tree that lost track of its tables looks new, and would stumble over them.
        drop(tree);
        let anew = Tree::remove(dir).map_err(|error| error.to_string());
        let tree = anew.and_then(|()| {
            Tree::open(dir, options.index_cache_bytes).map_err(|error| error.to_string())
        })?;
        return Ok((tree, 0));
    };
    if mark.store_id != manifest.store_id {
        return Err("it belongs to another store".to_owned());
    }
    if mark.hash_seed != manifest.hash_seed {
        return Err("it was made under another hash seed".to_owned());
    }
    let covered = manifest.sealed.iter().position(|entry| Mark::at(manifest, entry) == mark);
    match covered {
        Some(index) => Ok((tree, index + 1)),
        None => Err("it covers another log than this one, or more of it".to_owned()),
    }
}

/// Whether it is the tree that is damaged.
pub(crate) fn is_of_index(error: &Error) -> bool {
    let is_index = |(name, file): &(&str, _)| *name == "file" && *file == names::INDEX_DIR;
    error.context().iter().any(is_index)
}

/// Notes that the tree is to be made again when the store is opened next.
pub(crate) fn mark_damaged(dir: &Path) {
    // If even this fails there is nothing better left to do than the error already on its way.
    drop(std::fs::write(dir.join(DAMAGED_MARKER), b""));
}

impl Builder {
    /// Enters a sealed segment into the index.
    fn index_sealed(&mut self, file: &Arc<SealedFile>) -> Result<()> {
        let entry = file.entry;
        let name = file.name();
        let bytes = file.bytes()?;
        if crc32c::crc32c(bytes) != entry.digest {
            let what = Damaged("the checksum of the whole segment does not match");
            return Err(corrupted(&name, 0, what));
        }
        let header = segments::header(self.storage.as_ref(), entry.number)?;
        let mut index = MemoryIndex::default();
        let mut unused = Vec::new();
        let view = &self.view;
        let base_head = |base| view.sealed_head(base);
        let terms = self.terms;
        let replayed = replay(&name, bytes, &header, terms, &mut index, &base_head, &mut unused)?;
        if let Some(what) = replayed.stopped {
            return Err(corrupted(&name, replayed.end as u64, what));
        }
        if replayed.end_position != entry.end_position {
            let what = Damaged("a sealed segment ends with another position than it should");
            return Err(corrupted(&name, replayed.end as u64, what));
        }
        self.ingest(entry, &index)?;
        self.add_sealed(Arc::clone(file));
        Ok(())
    }

    fn ingest(&self, entry: SealedSegment, index: &MemoryIndex) -> Result<()> {
        let mark = Mark::at(&self.manifest, &entry);
        self.view.tree.ingest(entry.number, entry.first_position, index, mark)
    }

    fn add_sealed(&mut self, file: Arc<SealedFile>) {
        let mut sealed = self.view.sealed.as_ref().clone();
        sealed.push(file);
        self.view.sealed = Arc::new(sealed);
    }

    /// Seals a segment that was full when the store stopped, before its time to be sealed came.
    pub(super) fn seal_full(&mut self, number: u32, next: u32) -> Result<()> {
        let name = names::segment(number);
        let (file, bytes) = self.read_segment(number)?;
        let header = segments::header(self.storage.as_ref(), number)?;
        self.check_follows(&name, &header)?;
        let mut index = MemoryIndex::default();
        let view = &self.view;
        let base_head = |base| view.sealed_head(base);
        let mut unused = Vec::new();
        let terms = self.terms;
        let replayed = replay(&name, &bytes, &header, terms, &mut index, &base_head, &mut unused)?;
        let next = segments::header(self.storage.as_ref(), next)?;
        // The next segment was begun only when this one was durable to its end.
        let is_whole = next.first_position == replayed.end_position
            && next.last_revision == replayed.last_revision
            && scan::tail(&bytes, replayed.end) == Tail::Unwritten;
        if !is_whole {
            let what = replayed.stopped.unwrap_or(Damaged("commits are missing at its end"));
            return Err(corrupted(&name, replayed.end as u64, what));
        }
        let len = replayed.end as u64;
        let failed = |error| io_failed("seal a segment", &name, error);
        file.set_len(len).map_err(failed)?;
        file.sync().map_err(failed)?;
        let begun_before = self.manifest.sealed.last().map_or(0, |entry| entry.streams);
        let entry = SealedSegment {
            number,
            first_position: header.first_position,
            end_position: replayed.end_position,
            bytes: len,
            streams: begun_before + replayed.begun,
            last_revision: replayed.last_revision,
            digest: crc32c::crc32c(bytes.get(..replayed.end).unwrap_or_default()),
        };
        let table = PositionTable::encode(entry.first_position, entry.digest, &index.offsets());
        write_table(self.storage.as_ref(), number, &table)?;
        self.manifest.generation += 1;
        self.manifest.sealed.push(entry);
        manifest_files::write(self.storage.as_ref(), &self.manifest)
            .map_err(|error| io_failed("write the manifest", "MANIFEST", error))?;
        self.ingest(entry, &index)?;
        let store_id = self.manifest.store_id;
        self.add_sealed(Arc::new(SealedFile::new(Arc::clone(&self.storage), store_id, entry)));
        Ok(())
    }

    /// Takes up the last segment, cutting off what a crash tore.
    pub(super) fn open_last(
        &mut self,
        number: u32,
        report: &mut OpenReport,
    ) -> Result<(OpenSegment, Replay)> {
        let name = names::segment(number);
        let (file, bytes) = self.read_segment(number)?;
        let header = segments::header(self.storage.as_ref(), number)?;
        self.check_follows(&name, &header)?;
        let memory = MemorySegment::new(number, header.first_position, Arc::clone(&file));
        let view = &self.view;
        let base_head = |base| view.sealed_head(base);
        let mut retry = Vec::new();
        let terms = self.terms;
        let replayed = {
            let mut index = memory.index.write();
            replay(&name, &bytes, &header, terms, &mut index, &base_head, &mut retry)?
        };
        let capacity = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let tail = scan::tail(&bytes, replayed.end);
        drop(bytes);
        if let Some(what) = replayed.stopped {
            report.torn_tail = cut(&name, file.as_ref(), tail, replayed.end, what)?;
        }
        self.fill_retry(header.first_position, replayed.end_position, retry)?;
        // What a killed process had written is whole here but may not be on disk yet. It has to be
        // before anyone reads it.
        file.sync().map_err(|error| io_failed("sync a segment", &name, error))?;
        let end = replayed.end as u32;
        let mut segment = OpenSegment::new(Arc::new(memory), &header, capacity, end);
        segment.has_unvouched = replayed.has_unvouched;
        Ok((segment, replayed))
    }

    /// A segment and its bytes, which must be let go of before anything is written to it.
    /// Whether a segment is this store's, and begins where the sealed ones end.
    fn check_follows(&self, name: &str, header: &SegmentHeader) -> Result<()> {
        let last = self.manifest.sealed.last();
        if header.store_id != self.manifest.store_id {
            let what = Damaged("the segment belongs to another store");
            return Err(corrupted(name, 0, what));
        }
        let follows = header.first_position == self.manifest.end_position()
            && header.last_revision == last.map_or(0, |entry| entry.last_revision);
        if !follows {
            let what = Damaged("the segment does not begin where the one before it ends");
            return Err(corrupted(name, 0, what));
        }
        Ok(())
    }

    fn read_segment(&self, number: u32) -> Result<(Arc<dyn StorageFile>, Bytes)> {
        let name = names::segment(number);
        let read = || {
            let file = self.storage.open(&name)?;
            let bytes = file.map(file.size()?)?;
            std::io::Result::Ok((file, bytes))
        };
        let (file, bytes) = read().map_err(|error| io_failed("read a segment", &name, error))?;
        if u32::try_from(bytes.len()).is_err() {
            let message = format!("`{name}` is larger than 4 GiB, which no segment is");
            return Err(Error::new(ErrorKind::Corrupted, message));
        }
        Ok((file, bytes))
    }

    /// Completes the retry window with events of sealed segments.
    fn fill_retry(&mut self, open: u64, end: u64, mut newest: Vec<RetryEntry>) -> Result<()> {
        let mut entries = Vec::new();
        for position in retry_begins(end)..open {
            // What was scavenged keeps its place in the window, under a key that nobody asks for.
            let entry = match self.view.try_event(position)? {
                None => (self.terms.begun(), annals_core::Version::FIRST),
                Some(event) => {
                    let stream = self.terms.stream(&event.stream);
                    (self.terms.retry(stream, event.id), event.version)
                }
            };
            entries.push((entry.0, entry.1, Position::new(position)));
        }
        trim(&mut newest, end);
        entries.append(&mut newest);
        self.retry = entries;
        Ok(())
    }
}

/// Clears what a crash tore, so that nothing of it can ever look valid again.
fn cut(
    name: &str,
    file: &dyn StorageFile,
    tail: Tail,
    at: usize,
    what: Damaged,
) -> Result<Option<TornTail>> {
    let end = match tail {
        Tail::Unwritten => return Ok(None),
        Tail::Damaged => return Err(corrupted(name, at as u64, what)),
        Tail::Torn { end } => end,
    };
    let len = end - at;
    file.write_at(at as u64, &vec![0; len])
        .and_then(|()| file.sync())
        .map_err(|error| io_failed("cut a torn commit", name, error))?;
    Ok(Some(TornTail { file: name.to_owned(), offset: at as u64, bytes: len as u64 }))
}

/// Where the index of a store in a folder is.
pub(crate) fn index_dir(root: &Path) -> PathBuf {
    root.join(names::INDEX_DIR)
}
