//! A new node from a copy of another one's folder, where the log no longer goes back far enough.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use annals_core::{Error, ErrorKind, Result};
use uuid::Uuid;

use super::identity::{Identity, store_dir};

/// What is behind the name of a folder that is not whole yet.
const BEGUN: &str = ".adopting";

impl Identity {
    /// Makes a folder that of a new node, with the store of another node's folder, and gives who
    /// that node is. The other node may be running, and its folder may be a copy of it. It blocks
    /// for as long as copying takes; nothing is in the new folder until everything is.
    ///
    /// # Errors
    /// `InvalidArgument` when one folder is no node's of this store, or something is in the other;
    /// `Corrupted`, `PermissionDenied`, `Unavailable`.
    pub fn adopt(from: &Path, to: &Path, store: &str, name: Option<&str>) -> Result<Self> {
        let other = Self::read(from)?.ok_or_else(|| {
            Error::invalid(format!(
                "`{}` is no folder of a node: it has no `node.json`; name the folder that the \
                 node's URL has as `dir`, or a whole copy of it",
                from.display()
            ))
        })?;
        other.check_store(store)?;
        check_empty(to)?;
        let (node, _) = Uuid::new_v4().as_u64_pair();
        let name = name.map_or_else(|| Self::made_up(node), str::to_owned);
        let identity = Self { node, name, ..other };
        let begun = beside(to)?;
        if let Err(error) = fs::remove_dir_all(&begun)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed("remove what is left of an earlier try", &begun, error));
        }
        identity.write(&begun)?;
        annals_engine::copy(&store_dir(from), &store_dir(&begun))?;
        let parent = begun.parent().unwrap_or(Path::new("."));
        let moved = fs::rename(&begun, to).and_then(|()| fs::File::open(parent)?.sync_all());
        moved.map_err(|error| failed("name the folder of the new node", to, error))?;
        Ok(identity)
    }

    /// A name for a node that was given none.
    pub(crate) fn made_up(node: u64) -> String {
        format!("node-{:04x}", node >> 48)
    }
}

fn check_empty(to: &Path) -> Result<()> {
    let first = match fs::read_dir(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| failed("look into", to, error))?.next(),
    };
    if first.is_none() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "something is in `{}` already; a node that is made from a copy needs an empty folder",
        to.display()
    )))
}

/// Where the folder is made before it gets its name.
fn beside(to: &Path) -> Result<PathBuf> {
    let name = to
        .file_name()
        .ok_or_else(|| Error::invalid(format!("`{}` has no name for a folder", to.display())))?;
    let mut begun = OsString::from(name);
    begun.push(BEGUN);
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    Ok(parent.unwrap_or(Path::new(".")).join(begun))
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ErrorKind::PermissionDenied
        }
        io::ErrorKind::NotADirectory => ErrorKind::InvalidArgument,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("cannot {what} `{}`", path.display())).caused_by(error)
}

#[cfg(test)]
mod tests {
    use annals_core::{Append, EventType, ExpectedVersion, NewEvent, StreamName, Timestamp};
    use annals_engine::{At, Command, Engine};

    use super::*;
    use crate::entry::Genesis;

    fn node(dir: &Path) -> Identity {
        let identity = Identity {
            node: 1,
            name: "first".to_owned(),
            store: "orders".to_owned(),
            genesis: Genesis::new(),
        };
        identity.write(dir).unwrap();
        identity
    }

    #[test]
    fn a_copy_of_a_running_node_is_a_node_of_its_own_with_the_same_store() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        let first = node(&from);
        let options = first.genesis.options();
        let (engine, mut replica) = Engine::open_replica(store_dir(&from), &options).unwrap();
        let event = NewEvent::new(EventType::new("opened").unwrap(), "{}");
        let stream = StreamName::new("account-1").unwrap();
        let append = Append::to(stream, ExpectedVersion::NoStream, [event]);
        let at = At { entry: 2, index: 0, time: Timestamp::from_micros(1), mark: 0 };
        replica.apply(at, Command::Append(append)).unwrap().unwrap();
        replica.show().unwrap();

        let adopted = Identity::adopt(&from, &to, "orders", Some("second")).unwrap();
        assert_ne!(adopted.node, first.node);
        assert_eq!((adopted.name.as_str(), &adopted.genesis), ("second", &first.genesis));
        assert_eq!(Identity::read(&to).unwrap(), Some(adopted));
        let (copy, replicated) = Engine::open_replica(store_dir(&to), &options).unwrap();
        assert_eq!(replicated.newest(), replica.newest());
        assert_eq!(replicated.digest(), replica.digest());
        assert_eq!(copy.head().unwrap(), engine.head().unwrap());
    }

    #[test]
    fn other_folders_and_other_stores_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        let said = |from: &Path, to: &Path, store: &str| {
            let error = Identity::adopt(from, to, store, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
            error.to_string()
        };
        assert!(said(&from, &to, "orders").contains("node.json"));
        node(&from);
        assert!(said(&from, &to, "others").contains("`orders`"));
        assert!(said(&from, &from, "orders").contains("empty folder"));
        assert!(!to.exists());
    }
}
