//! Files in memory.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Weak},
};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use super::{Storage, StorageFile};

/// A folder in memory. Everything is durable as soon as it is written.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    files: Mutex<BTreeMap<String, Arc<MemoryFile>>>,
    locked: Mutex<Weak<Held>>,
    holder: Mutex<String>,
}

#[derive(Debug, Default)]
struct MemoryFile(RwLock<Vec<u8>>);

/// Held as long as the store is locked; only its lifetime matters.
#[derive(Debug)]
struct Held;

impl MemoryStorage {
    /// An empty folder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of every file, by path.
    #[must_use]
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.files.lock();
        files.iter().map(|(path, file)| (path.clone(), file.0.read().clone())).collect()
    }

    /// A folder with these files.
    #[must_use]
    pub fn with_contents(contents: BTreeMap<String, Vec<u8>>) -> Self {
        let files = contents
            .into_iter()
            .map(|(path, bytes)| (path, Arc::new(MemoryFile(RwLock::new(bytes)))))
            .collect();
        Self { files: Mutex::new(files), ..Self::default() }
    }
}

impl Storage for MemoryStorage {
    fn create_dir(&self, _dir: &str) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &str, len: u64) -> io::Result<Arc<dyn StorageFile>> {
        let mut files = self.files.lock();
        if files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = Arc::new(MemoryFile(RwLock::new(vec![0; in_memory(len)?])));
        files.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let files = self.files.lock();
        let file = files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::<MemoryFile>::clone(file))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let files = self.files.lock();
        let in_dir = |path: &String| match (path.strip_prefix(dir), dir) {
            (Some(name), "") => Some(name.to_owned()),
            (Some(name), _) => Some(name.strip_prefix('/')?.to_owned()),
            (None, _) => None,
        };
        Ok(files.keys().filter_map(in_dir).filter(|name| !name.contains('/')).collect())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let removed = self.files.lock().remove(path);
        removed.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.lock();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn sync_dir(&self, _dir: &str) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _path: &str, holder: &str) -> io::Result<Box<dyn Send + Sync>> {
        let mut locked = self.locked.lock();
        if locked.upgrade().is_some() {
            let message = self.holder.lock().clone();
            return Err(io::Error::new(io::ErrorKind::WouldBlock, message));
        }
        let held = Arc::new(Held);
        *locked = Arc::downgrade(&held);
        holder.clone_into(&mut self.holder.lock());
        Ok(Box::new(held))
    }
}

fn in_memory(len: u64) -> io::Result<usize> {
    usize::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl StorageFile for MemoryFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.read().len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.read();
        let start = in_memory(offset)?;
        let stretch = bytes.get(start..start.saturating_add(buffer.len()));
        buffer.copy_from_slice(stretch.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, offset: u64, written: &[u8]) -> io::Result<()> {
        let mut bytes = self.0.write();
        let start = in_memory(offset)?;
        let end = start.saturating_add(written.len());
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        if let Some(stretch) = bytes.get_mut(start..end) {
            stretch.copy_from_slice(written);
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.write().resize(in_memory(len)?, 0);
        Ok(())
    }

    fn map(&self, len: u64) -> io::Result<Bytes> {
        let bytes = self.0.read();
        let stretch = bytes.get(..in_memory(len)?).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Bytes::copy_from_slice(stretch))
    }
}
