//! Who a node is: a small file in its folder.
//!
//! ```text
//! DIR/node.json   who this node is, and of which cluster
//! DIR/store/      its store, as the embedded engine keeps one
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use annals_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::entry::Genesis;

const FILE: &str = "node.json";
const BEGINNING: &str = "node.json.new";
const STORE: &str = "store";

/// Who a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// A number that no other node of the cluster has.
    pub node: u64,
    /// What people call it.
    pub name: String,
    /// The name of the store in the cluster.
    pub store: String,
    /// What all nodes' stores have in common.
    pub genesis: Genesis,
}

impl Identity {
    /// That of the node in a folder; `None` where there is none yet.
    ///
    /// # Errors
    /// `Corrupted`, `PermissionDenied`, `Unavailable`.
    pub fn read(dir: &Path) -> Result<Option<Self>> {
        let bytes = match fs::read(dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| failed("read", error))?,
        };
        let identity = serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("`{FILE}` in the node's folder cannot be read");
            Error::new(ErrorKind::Corrupted, message).with("file", FILE).caused_by(error)
        })?;
        Ok(Some(identity))
    }

    /// Writes it into a folder, durably.
    ///
    /// # Errors
    /// `InvalidArgument` when something else is in the folder; `PermissionDenied`, `Unavailable`.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        fs::create_dir_all(dir).map_err(|error| failed("make the folder of", error))?;
        let entries = fs::read_dir(dir).map_err(|error| failed("look for", error))?;
        // What a node leaves that was stopped while it was made is no obstacle.
        let is_foreign = |entry: &fs::DirEntry| entry.file_name() != BEGINNING;
        if let Some(other) = entries.flatten().find(is_foreign) {
            return Err(Error::invalid(format!(
                "the folder is no node's: it has other things in it, such as `{}`",
                other.file_name().to_string_lossy()
            )));
        }
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot write who the node is").caused_by(error)
        })?;
        let written = || {
            let path = dir.join(FILE);
            let beginning = dir.join(BEGINNING);
            fs::write(&beginning, &bytes)?;
            fs::File::open(&beginning)?.sync_all()?;
            fs::rename(&beginning, &path)?;
            fs::File::open(dir)?.sync_all()
        };
        written().map_err(|error| failed("write", error))
    }

    /// Whether it is one of the cluster's store.
    ///
    /// # Errors
    /// `InvalidArgument`.
    pub(crate) fn check_store(&self, store: &str) -> Result<()> {
        if self.store == store {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "the folder holds a node of the store `{}`, not of `{store}`; choose another folder",
            self.store
        )))
    }
}

/// Where the store of the node in a folder is.
#[must_use]
pub fn store_dir(dir: &Path) -> PathBuf {
    dir.join(STORE)
}

fn failed(what: &str, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::PermissionDenied
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => ErrorKind::InvalidArgument,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("cannot {what} `{FILE}` in the node's folder"))
        .with("file", FILE)
        .caused_by(error)
}
