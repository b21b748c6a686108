//! An open file of the failing disk.

use std::io;

use annals_engine::storage::StorageFile;
use bytes::Bytes;

use super::disk::{Change, Content, Disk, FileId, Shared, is_down};

/// An open file. It stays usable when its name goes, but not when the machine does.
#[derive(Debug)]
pub(super) struct FaultFile {
    disk: Shared,
    id: FileId,
}

impl FaultFile {
    pub(super) const fn new(disk: Shared, id: FileId) -> Self {
        Self { disk, id }
    }

    fn content<'a>(&self, disk: &'a mut Disk) -> io::Result<&'a mut Content> {
        disk.files.get_mut(self.id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Reads a stretch of what the program sees.
    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut disk = self.disk.lock();
        disk.read_operation()?;
        let offset = in_memory(offset)?;
        let stretch = self.content(&mut disk)?.live.get(offset..offset.saturating_add(len));
        Ok(stretch.ok_or(io::ErrorKind::UnexpectedEof)?.to_vec())
    }
}

fn in_memory(number: u64) -> io::Result<usize> {
    usize::try_from(number).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl StorageFile for FaultFile {
    fn size(&self) -> io::Result<u64> {
        let mut disk = self.disk.lock();
        if disk.is_down {
            return Err(is_down());
        }
        Ok(self.content(&mut disk)?.live.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.copy_from_slice(&self.read(offset, buffer.len())?);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.begin()?;
        let offset = in_memory(offset)?;
        if offset + bytes.len() > self.content(&mut disk)?.live.len() {
            disk.check_space()?;
        }
        self.content(&mut disk)?.change(Change::Write { offset, bytes: bytes.to_vec() });
        disk.finish(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk.lock();
        let synced = disk.sync_operation();
        let is_down = disk.is_down;
        let content = self.content(&mut disk)?;
        if synced.is_ok() {
            content.sync();
        } else if !is_down {
            content.give_up();
        }
        synced
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.begin()?;
        let len = in_memory(len)?;
        if len > self.content(&mut disk)?.live.len() {
            disk.check_space()?;
        }
        self.content(&mut disk)?.change(Change::SetLen(len));
        disk.finish(())
    }

    fn map(&self, len: u64) -> io::Result<Bytes> {
        Ok(self.read(0, in_memory(len)?)?.into())
    }
}
