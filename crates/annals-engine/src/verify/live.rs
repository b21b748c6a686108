//! The index of a store, also when another process is changing it.
//!
//! The tree may be opened by one process only. Of a store in use a copy is opened: hard links to
//! its files, which the tree never changes once they are written. If a file goes away between
//! looking and linking, another try meets a newer state.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use crate::{index::tree::Tree, recover};

/// An index opened for checking.
pub(super) struct OpenIndex {
    pub(super) tree: Tree,
    /// The copy, removed when the check is over.
    copy: Option<PathBuf>,
}

/// Tries to copy an index that keeps changing under the eyes.
const TRIES: usize = 20;
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

impl Drop for OpenIndex {
    fn drop(&mut self) {
        if let Some(copy) = &self.copy {
            // Links that are left over waste names, not space.
            drop(fs::remove_dir_all(copy));
        }
    }
}

/// Opens the index of the store in a folder, or says why it cannot be.
pub(super) fn open_index(store: &Path, in_use: bool) -> Result<OpenIndex, String> {
    let dir = recover::index_dir(store);
    if !dir.is_dir() {
        return Err("it is missing".to_owned());
    }
    if !in_use {
        return open(&dir).map(|tree| OpenIndex { tree, copy: None });
    }
    let copy = store.join(format!("verify-{}", std::process::id()));
    let mut failure = String::new();
    for _ in 0..TRIES {
        let linked = fresh(&copy).and_then(|()| link(&dir, &copy));
        let opened = linked.map_err(|error| error.to_string()).and_then(|()| open(&copy));
        match opened {
            Ok(tree) => return Ok(OpenIndex { tree, copy: Some(copy) }),
            Err(what) => failure = what,
        }
    }
    drop(fs::remove_dir_all(&copy));
    Err(failure)
}

fn open(dir: &Path) -> Result<Tree, String> {
    // The tree's own code panics on some kinds of damage.
    match catch_unwind(AssertUnwindSafe(|| Tree::open(dir, CACHE_BYTES))) {
        Ok(opened) => opened.map_err(|error| error.to_string()),
        Err(_) => Err("it cannot be opened".to_owned()),
    }
}

fn fresh(copy: &Path) -> io::Result<()> {
    match fs::remove_dir_all(copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir(copy),
    }
}

/// Copies the files of the tree's folder, which say which tables belong to it, and then links the
/// tables, which are in folders below.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    let entries: Vec<_> = fs::read_dir(from)?.collect::<io::Result<_>>()?;
    let (folders, files): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.path().is_dir());
    for file in files {
        gone_is_fine(fs::copy(file.path(), to.join(file.file_name())).map(drop))?;
    }
    for folder in folders {
        let target = to.join(folder.file_name());
        fs::create_dir(&target)?;
        for table in fs::read_dir(folder.path())? {
            let table = table?;
            gone_is_fine(fs::hard_link(table.path(), target.join(table.file_name())))?;
        }
    }
    Ok(())
}

/// If a file that went away was needed, opening the copy says so.
fn gone_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
