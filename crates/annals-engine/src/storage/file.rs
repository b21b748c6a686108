//! Files of the operating system.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

use super::{Storage, StorageFile};

/// A folder on disk.
#[derive(Debug)]
pub struct FileStorage {
    root: PathBuf,
}

#[derive(Debug)]
struct DiskFile(File);

/// Zeros are written in pieces of this size.
static ZEROS: [u8; 256 * 1024] = [0; 256 * 1024];

impl FileStorage {
    /// The store's folder. Nothing is touched yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

impl Storage for FileStorage {
    fn create_dir(&self, dir: &str) -> io::Result<()> {
        let path = self.path(dir);
        if path.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&path)?;
        sync_folder(folder_of(&path))
    }

    fn create(&self, path: &str, len: u64) -> io::Result<Arc<dyn StorageFile>> {
        let path = self.path(path);
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        if let Err(error) = fill(&mut file, len) {
            // Half a file would take the space that is missing.
            drop(file);
            fs::remove_file(&path)?;
            return Err(error);
        }
        Ok(Arc::new(DiskFile(file)))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let path = self.path(path);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(&path)?,
            opened => opened?,
        };
        Ok(Arc::new(DiskFile(file)))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(dir)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        sync_folder(&self.path(dir))
    }

    fn lock(&self, path: &str, holder: &str) -> io::Result<Box<dyn Send + Sync>> {
        let path = self.path(path);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(holder.as_bytes())?;
        Ok(Box::new(Locked(file)))
    }
}

/// A lock that is held.
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing the file is not enough: a child process that is just being started has a copy of
        // it for a moment, and would keep the lock as long. If this fails, closing comes next.
        drop(self.0.unlock());
    }
}

/// The folder that holds the entry of a path. A name alone stands in the current one.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Writes zeros rather than only reserving the space: the first write to a reserved block also
/// changes the file's metadata, which a sync must then write too.
fn fill(file: &mut File, len: u64) -> io::Result<()> {
    let mut left = len;
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(usize::MAX).min(ZEROS.len());
        let (zeros, _) = ZEROS.split_at(piece);
        file.write_all(zeros)?;
        left -= piece as u64;
    }
    Ok(())
}

impl StorageFile for DiskFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        // On macOS this is F_FULLFSYNC, which is what durable means there.
        self.0.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn map(&self, len: u64) -> io::Result<Bytes> {
        if self.size()? < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Ok(size) = usize::try_from(len) else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        if size == 0 {
            return Ok(Bytes::new());
        }
        #[expect(
            unsafe_code,
            reason = "sealed segments never change: the engine holds the store's lock and writes \
                      to a file only before it is mapped"
        )]
        // SAFETY: nothing in this process writes to the mapped range, and the lock file keeps
        // other engines out. A stranger who truncates the file breaks this, as with any mapping.
        let map = unsafe { memmap2::MmapOptions::new().len(size).map(&self.0)? };
        Ok(Bytes::from_owner(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_named_without_a_path_stands_in_the_current_one() {
        assert_eq!(folder_of(Path::new("data")), Path::new("."));
        assert_eq!(folder_of(Path::new("./data")), Path::new("."));
        assert_eq!(folder_of(Path::new("/a/data/")), Path::new("/a"));
        assert_eq!(folder_of(Path::new("/")), Path::new("/"));
        assert!(sync_folder(folder_of(Path::new("data"))).is_ok());
    }
}
