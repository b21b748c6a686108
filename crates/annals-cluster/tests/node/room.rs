//! A log with folders for nodes on it, and short ways to say things.

use std::{sync::Arc, time::Duration};

use annals_cluster::{Cluster, Genesis, Settings, begin, log::MemoryLog};
use annals_core::{
    Append, Appended, Backend, EventType, ExpectedVersion, NewEvent, Query, ReadAll, RecordedEvent,
    Result, StreamName,
};
use futures_lite::{StreamExt, future::block_on};
use tempfile::TempDir;

/// Room for a cluster.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) log: MemoryLog,
    folder: TempDir,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self::on(MemoryLog::new())
    }

    pub(crate) fn on(log: MemoryLog) -> Self {
        block_on(begin(&log, &Genesis::new())).unwrap();
        Self { log, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn settings(&self, name: &str) -> Settings {
        Settings {
            store: "store".to_owned(),
            dir: self.folder.path().join(name),
            name: Some(name.to_owned()),
            timeout: Duration::from_secs(60),
            clock: None,
            progress: None,
        }
    }

    pub(crate) fn try_node(&self, name: &str) -> Result<Cluster> {
        block_on(Cluster::start(Arc::new(self.log.clone()), self.settings(name)))
    }

    pub(crate) fn node(&self, name: &str) -> Cluster {
        self.try_node(name).unwrap()
    }

    /// The segments of a node, by name.
    pub(crate) fn segments(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let log = annals_cluster::store_dir(&self.settings(name).dir).join("log");
        let files = std::fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path());
        let mut segments: Vec<_> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
            .map(|(name, path)| (name, std::fs::read(path).unwrap()))
            .collect();
        segments.sort();
        segments
    }
}

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::new(name.to_owned()).unwrap()
}

pub(crate) fn event() -> NewEvent {
    NewEvent::new(EventType::new("counted").unwrap(), "{}")
}

pub(crate) fn append(node: &Cluster, to: &str, expected: ExpectedVersion) -> Result<Appended> {
    block_on(node.append(Append::to(stream(to), expected, [event()])))
}

pub(crate) fn all(node: &Cluster) -> Vec<RecordedEvent> {
    block_on(node.read(ReadAll::new(Query::all()).into()).try_collect()).unwrap()
}

pub(crate) fn close(node: &Cluster) {
    block_on(node.close()).unwrap();
}
