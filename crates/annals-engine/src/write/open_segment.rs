//! The segment that commits are appended to.

use std::{io, sync::Arc};

use annals_core::{Histogram, Result};

use crate::{
    error::io_failed,
    format::{
        frame::Home,
        segment_header::{SEGMENT_HEADER_LEN, SegmentHeader},
    },
    index::memory::MemorySegment,
    log::names::{self, BEGINNING, LOG_DIR, SPARE},
    storage::{Storage, StorageFile, timed_sync},
};

/// The segment that commits are appended to, with what is not written to it yet.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    pub(crate) memory: Arc<MemorySegment>,
    /// The checksum of its header.
    checksum: u32,
    capacity: u32,
    /// Everything below is durable.
    durable: u32,
    /// Encoded commits that follow after `durable`.
    pub(crate) buffer: Vec<u8>,
    /// Whether a frame stands in it that no later frame vouches for.
    pub(crate) has_unvouched: bool,
}

impl OpenSegment {
    /// Takes up a segment whose bytes up to `end` are durable.
    pub(crate) fn new(
        memory: Arc<MemorySegment>,
        header: &SegmentHeader,
        capacity: u32,
        end: u32,
    ) -> Self {
        let (checksum, buffer) = (header.checksum(), Vec::new());
        Self { memory, checksum, capacity, durable: end, buffer, has_unvouched: false }
    }

    pub(crate) fn number(&self) -> u32 {
        self.memory.number
    }

    pub(crate) const fn durable(&self) -> u32 {
        self.durable
    }

    /// Where the next frame stands.
    pub(crate) fn next_home(&self) -> Home {
        Home { segment: self.checksum, offset: self.end() }
    }

    /// Where the next frame begins.
    pub(crate) fn end(&self) -> u32 {
        self.durable + self.buffer.len() as u32
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.end() as usize + bytes <= self.capacity as usize
    }

    /// Writes what is not written yet, and makes it durable; notes how long the sync took.
    pub(crate) fn flush(&mut self, sync_nanos: &Histogram) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let file = &self.memory.file;
        let written = file.write_at(u64::from(self.durable), &self.buffer);
        written
            .and_then(|()| timed_sync(file.as_ref(), sync_nanos))
            .map_err(|error| io_failed("write a commit", &names::segment(self.number()), error))?;
        self.durable = self.end();
        self.buffer.clear();
        self.has_unvouched = true;
        Ok(())
    }
}

/// Why a segment could not be begun.
#[derive(Debug)]
pub(crate) enum BeginError {
    /// There was no room to create it; everything is as before.
    NotCreated(io::Error),
    /// It failed half way.
    Failed(io::Error),
}

/// Begins a segment durably: its space, its header, its name.
pub(crate) fn begin(
    storage: &dyn Storage,
    spare: Option<(Arc<dyn StorageFile>, u32)>,
    header: &SegmentHeader,
    capacity: u32,
) -> Result<(Arc<dyn StorageFile>, u32), BeginError> {
    let name = names::segment(header.number);
    let spare = spare.filter(|(_, spare_capacity)| *spare_capacity >= capacity);
    let (file, capacity, from) = match spare {
        Some((file, capacity)) => (file, capacity, SPARE),
        None => {
            let created = storage.create(BEGINNING, u64::from(capacity));
            (created.map_err(BeginError::NotCreated)?, capacity, BEGINNING)
        }
    };
    let finish = || {
        file.write_at(0, &header.encode())?;
        file.sync()?;
        storage.rename(from, &name)?;
        storage.sync_dir(LOG_DIR)
    };
    finish().map_err(BeginError::Failed)?;
    Ok((file, capacity))
}

/// Length of the header, which every segment has.
pub(crate) const HEADER_LEN: u32 = SEGMENT_HEADER_LEN as u32;
