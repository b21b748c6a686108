//! The two truths of the disk: what the program sees, and what is durable.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use super::Fault;

/// The disk, shared by the folder and its open files.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Mutex<Disk>>);

impl Shared {
    pub(super) fn new(disk: Disk) -> Self {
        Self(Arc::new(Mutex::new(disk)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which file, whatever its name is.
pub(super) type FileId = usize;

#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) files: Vec<Content>,
    /// Names as the program sees them.
    pub(super) names: BTreeMap<String, FileId>,
    /// Names that survive a power loss.
    pub(super) durable_names: BTreeMap<String, FileId>,
    /// Changes of names since the last sync of their folder.
    pub(super) pending_names: Vec<NameChange>,
    pub(super) operations: u64,
    pub(super) reads: u64,
    pub(super) fault: Option<Fault>,
    pub(super) is_down: bool,
    lock: Weak<String>,
}

/// The bytes of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    pub(super) live: Vec<u8>,
    pub(super) durable: Vec<u8>,
    /// Changes since the last sync, in order.
    pub(super) pending: Vec<Change>,
    /// Changes that a sync failed to make durable. No later sync does: the system took them for
    /// written.
    pub(super) given_up: Vec<Change>,
}

/// A change of a file that is not durable.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

/// A change of a name that is not durable.
#[derive(Debug, Clone)]
pub(super) enum NameChange {
    Create(String, FileId),
    Remove(String),
    Rename { from: String, to: String, id: FileId },
}

impl NameChange {
    fn folder(&self) -> &str {
        let (Self::Create(path, _) | Self::Remove(path) | Self::Rename { to: path, .. }) = self;
        folder(path)
    }

    /// What the change does to names.
    pub(super) fn apply(&self, names: &mut BTreeMap<String, FileId>) {
        match self {
            Self::Create(path, id) => drop(names.insert(path.clone(), *id)),
            Self::Remove(path) => drop(names.remove(path)),
            Self::Rename { from, to, id } => {
                if names.get(from) == Some(id) {
                    names.remove(from);
                }
                names.insert(to.clone(), *id);
            }
        }
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Content {
    fn durable(bytes: Vec<u8>) -> Self {
        Self { live: bytes.clone(), durable: bytes, ..Self::default() }
    }

    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.live);
        self.pending.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
            self.given_up.retain(|old| !change.covers(old));
        }
    }

    /// The sync failed.
    pub(super) fn give_up(&mut self) {
        self.given_up.append(&mut self.pending);
    }
}

impl Change {
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                if let Some(stretch) = content.get_mut(*offset..end) {
                    stretch.copy_from_slice(bytes);
                }
            }
            Self::SetLen(len) => content.resize(*len, 0),
        }
    }

    /// Whether nothing is left to see of an older change after this one.
    fn covers(&self, older: &Self) -> bool {
        match (self, older) {
            (Self::SetLen(_), Self::SetLen(_)) => true,
            (Self::SetLen(len), Self::Write { offset, .. }) => offset >= len,
            (Self::Write { offset, bytes }, Self::Write { offset: from, bytes: older }) => {
                offset <= from && from + older.len() <= offset + bytes.len()
            }
            (Self::Write { .. }, Self::SetLen(_)) => false,
        }
    }
}

pub(super) fn is_down() -> io::Error {
    io::Error::other("the machine is down")
}

impl Disk {
    pub(super) fn with_contents(contents: BTreeMap<String, Vec<u8>>) -> Self {
        let (paths, files): (Vec<_>, Vec<_>) = contents.into_iter().unzip();
        let names: BTreeMap<_, _> = paths.into_iter().zip(0..).collect();
        let files = files.into_iter().map(Content::durable).collect();
        Self { files, durable_names: names.clone(), names, ..Self::default() }
    }

    pub(super) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let named = self.names.iter();
        named
            .filter_map(|(path, id)| Some((path.clone(), self.files.get(*id)?.live.clone())))
            .collect()
    }

    /// Counts an operation. The one in which the machine stops is begun all the same, so that
    /// its effect is among what is not durable; [`finish`](Self::finish) then fails it.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        if self.is_down {
            return Err(is_down());
        }
        let number = self.operations;
        self.operations += 1;
        self.is_down = self.fault == Some(Fault::CrashAt(number));
        Ok(())
    }

    /// Answers an operation that was begun.
    pub(super) fn finish<T>(&self, done: T) -> io::Result<T> {
        if self.is_down { Err(is_down()) } else { Ok(done) }
    }

    /// Counts a sync, which may be the one to fail.
    pub(super) fn sync_operation(&mut self) -> io::Result<()> {
        self.begin()?;
        self.finish(())?;
        match self.fault {
            Some(Fault::FailSyncAt(number)) if number < self.operations => {
                self.fault = None;
                Err(io::Error::other("the device could not write"))
            }
            _ => Ok(()),
        }
    }

    /// Counts a read.
    pub(super) fn read_operation(&mut self) -> io::Result<()> {
        if self.is_down {
            return Err(is_down());
        }
        let number = self.reads;
        self.reads += 1;
        match self.fault {
            Some(Fault::FailReadAt(at)) if at == number => {
                Err(io::Error::other("the device could not read"))
            }
            Some(Fault::ShortReadAt(at)) if at == number => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            _ => Ok(()),
        }
    }

    /// Whether there is space for new bytes in the operation that was just counted.
    pub(super) fn check_space(&self) -> io::Result<()> {
        match self.fault {
            Some(Fault::FullFrom(number)) if number < self.operations => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn create(&mut self, path: &str, len: u64) -> io::Result<FileId> {
        self.begin()?;
        if self.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if len > 0 {
            self.check_space()?;
        }
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let id = self.files.len();
        let mut content = Content::default();
        content.change(Change::SetLen(len));
        self.files.push(content);
        self.names.insert(path.to_owned(), id);
        self.pending_names.push(NameChange::Create(path.to_owned(), id));
        self.finish(id)
    }

    pub(super) fn find(&self, path: &str) -> io::Result<FileId> {
        if self.is_down {
            return Err(is_down());
        }
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        if self.is_down {
            return Err(is_down());
        }
        let names = self.names.keys().filter(|path| folder(path) == dir);
        Ok(names.map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()).collect())
    }

    pub(super) fn remove(&mut self, path: &str) -> io::Result<()> {
        self.begin()?;
        self.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        self.pending_names.push(NameChange::Remove(path.to_owned()));
        self.finish(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.begin()?;
        let id = self.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.names.insert(to.to_owned(), id);
        self.pending_names.push(NameChange::Rename {
            from: from.to_owned(),
            to: to.to_owned(),
            id,
        });
        self.finish(())
    }

    pub(super) fn sync_dir(&mut self, dir: &str) -> io::Result<()> {
        self.sync_operation()?;
        let pending = std::mem::take(&mut self.pending_names);
        let (synced, others) = pending.into_iter().partition(|change| change.folder() == dir);
        self.pending_names = others;
        let synced: Vec<NameChange> = synced;
        for change in &synced {
            change.apply(&mut self.durable_names);
        }
        Ok(())
    }

    pub(super) fn take_lock(&mut self, holder: &str) -> io::Result<Arc<String>> {
        if self.is_down {
            return Err(is_down());
        }
        if let Some(other) = self.lock.upgrade() {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, other.as_ref().clone()));
        }
        let held = Arc::new(holder.to_owned());
        self.lock = Arc::downgrade(&held);
        Ok(held)
    }
}
