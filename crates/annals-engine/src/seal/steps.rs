//! The steps in which a segment is sealed. A step that failed can be done again.

use std::sync::Arc;

use annals_core::Result;

use super::SealTask;
use crate::{
    error::{io_failed, is_full},
    format::{manifest::SealedSegment, position_table::PositionTable},
    index::{codec::Mark, view::View},
    log::{
        manifest_files, names,
        sealed::{SealedFile, write_table},
    },
    shared::Shared,
};

/// A segment on its way from full to sealed.
#[derive(Debug)]
pub(super) struct Sealing<'a> {
    task: &'a SealTask,
    /// What the manifest says of it, once it does.
    listed: Option<(SealedSegment, Mark)>,
}

impl<'a> Sealing<'a> {
    pub(super) const fn new(task: &'a SealTask) -> Self {
        Self { task, listed: None }
    }

    /// Does the steps that are left.
    pub(super) fn go_on(&mut self, shared: &Shared) -> Result<()> {
        let (entry, mark) = match self.listed {
            Some(listed) => listed,
            None => *self.listed.insert(list(shared, seal_file(shared, self.task)?)?),
        };
        let segment = &self.task.segment;
        let tree = shared.view.read().tree.clone();
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
        // A tree that there is no room to compact is complete; the next segment has it tried again.
        tree.compact().or_else(|error| if is_full(&error) { Ok(()) } else { Err(error) })
    }
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

/// Enters a segment into the manifest.
fn list(shared: &Shared, entry: SealedSegment) -> Result<(SealedSegment, Mark)> {
    let mut manifest = shared.manifest.lock();
    let mut next = manifest.clone();
    next.generation += 1;
    next.sealed.push(entry);
    manifest_files::write(shared.storage.as_ref(), &next)
        .map_err(|error| io_failed("write the manifest", "MANIFEST", error))?;
    *manifest = next;
    Ok((entry, Mark::at(&manifest, &entry)))
}
