//! Sealing full segments, in the background.
//!
//! A full segment is cut to its length, gets its position table, is entered into the manifest and
//! its lists go into the tree; then memory lets go of it. Each step can be found undone after a
//! crash and is done again on opening, because all of it follows from the segment.

use std::sync::{Arc, mpsc::Receiver};

use annals_core::Result;

use crate::{
    error::io_failed,
    format::{manifest::SealedSegment, position_table::PositionTable},
    index::{codec::Mark, memory::MemorySegment, view::View},
    log::{
        manifest_files,
        names::{self, SPARE},
        sealed::{SealedFile, write_table},
    },
    options::Options,
    shared::Shared,
};

/// A full segment.
#[derive(Debug)]
pub(crate) struct SealTask {
    pub(crate) segment: Arc<MemorySegment>,
    /// The length of what was written.
    pub(crate) end: u32,
    /// The position after its last event.
    pub(crate) end_position: u64,
    /// How many streams had been begun at its end.
    pub(crate) streams: u64,
    /// The last state revision at its end.
    pub(crate) last_revision: u64,
}

/// Seals segments until the committer is gone.
pub(crate) fn run(shared: &Shared, options: &Options, tasks: &Receiver<SealTask>) {
    while let Ok(task) = tasks.recv() {
        // First what the committer will wait for.
        prepare_spare(shared, options, task.segment.number + 2);
        if let Err(error) = seal(shared, &task) {
            shared.poison(error.during("sealing a segment"));
            return;
        }
    }
}

/// Creates the segment after the next in advance. If that fails the committer creates it itself
/// and reports what is wrong.
fn prepare_spare(shared: &Shared, options: &Options, number: u32) {
    let mut spare = shared.spare.lock();
    if spare.is_some() {
        return;
    }
    let capacity = options.segment_bytes(number);
    let create = || {
        match shared.storage.remove(SPARE) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        let file = shared.storage.create(SPARE, u64::from(capacity))?;
        file.sync()?;
        std::io::Result::Ok(file)
    };
    *spare = create().ok().map(|file| (file, capacity));
}

fn seal(shared: &Shared, task: &SealTask) -> Result<()> {
    let entry = seal_file(shared, task)?;
    let mark = {
        let mut manifest = shared.manifest.lock();
        manifest.generation += 1;
        manifest.sealed.push(entry);
        manifest_files::write(shared.storage.as_ref(), &manifest)
            .map_err(|error| io_failed("write the manifest", "MANIFEST", error))?;
        Mark::at(&manifest, &entry)
    };
    let tree = shared.view.read().tree.clone();
    let segment = &task.segment;
    tree.ingest(segment.number, segment.first_position, &segment.index.read(), mark)?;
    {
        let mut view = shared.view.write();
        let mut sealed = view.sealed.as_ref().clone();
        let storage = Arc::clone(&shared.storage);
        sealed.push(Arc::new(SealedFile::new(storage, mark.store_id, entry)));
        let mut changed = View::clone(&view);
        changed.sealed = Arc::new(sealed);
        changed.memory.retain(|memory| memory.number != segment.number);
        *view = Arc::new(changed);
    }
    tree.compact()
}

/// Cuts the file to its length and writes its position table.
fn seal_file(shared: &Shared, task: &SealTask) -> Result<SealedSegment> {
    let segment = &task.segment;
    let name = names::segment(segment.number);
    let failed = |error| io_failed("seal a segment", &name, error);
    let len = u64::from(task.end);
    segment.file.set_len(len).map_err(failed)?;
    segment.file.sync().map_err(failed)?;
    let digest = crc32c::crc32c(&segment.file.map(len).map_err(failed)?);
    let offsets = segment.index.read().offsets();
    let table = PositionTable::encode(segment.first_position, digest, &offsets);
    write_table(shared.storage.as_ref(), segment.number, &table)?;
    Ok(SealedSegment {
        number: segment.number,
        first_position: segment.first_position,
        end_position: task.end_position,
        bytes: len,
        streams: task.streams,
        last_revision: task.last_revision,
        digest,
    })
}
