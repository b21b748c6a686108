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
    /// Everything below is in the file.
    written: u32,
    /// Encoded commits that follow after `written`.
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
        let (durable, written) = (end, end);
        Self { memory, checksum, capacity, durable, written, buffer, has_unvouched: false }
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
        self.written + self.buffer.len() as u32
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.end() as usize + bytes <= self.capacity as usize
    }

    /// Has its next frame tell that no more than this is durable. It may be more.
    pub(crate) fn tell_durable(&mut self, end: u32) {
        self.durable = end;
    }

    /// Whether everything that it was given is durable.
    pub(crate) fn is_durable(&self) -> bool {
        self.end() == self.durable
    }

    /// How many bytes it was given that are not durable yet.
    pub(crate) fn undurable(&self) -> u32 {
        self.end() - self.durable
    }

    /// Where the frame begins in the buffer that begins there in the segment.
    pub(crate) fn in_buffer(&self, home: Home) -> usize {
        (home.offset - self.written) as usize
    }

    /// Writes what is not written yet.
    pub(crate) fn write(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.memory.file.write_at(u64::from(self.written), &self.buffer);
        written.map_err(|error| self.failed(error))?;
        self.written = self.end();
        self.buffer.clear();
        self.has_unvouched = true;
        Ok(())
    }

    /// Writes what is not written yet, and makes it durable; notes how long the sync took.
    pub(crate) fn flush(&mut self, sync_nanos: &Histogram) -> Result<()> {
        self.write()?;
        if self.durable < self.written {
            self.sync(sync_nanos)?;
            self.durable = self.written;
        }
        Ok(())
    }

    /// Makes durable what is written, without a word of it in later frames.
    pub(crate) fn sync(&self, sync_nanos: &Histogram) -> Result<()> {
        timed_sync(self.memory.file.as_ref(), sync_nanos).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> annals_core::Error {
        io_failed("write a commit", &names::segment(self.number()), error)
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
