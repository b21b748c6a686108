//! A recorded log, and what a node has that applied it; both as files.
//!
//! ```text
//! log             for each message: its time in microseconds (8 bytes), its length (4), its bytes
//! expected.json   the digest, and length and checksum of every segment
//! ```

use std::{collections::BTreeMap, fs, path::Path};

use annals_cluster::{Cluster, log::MemoryLog, store_dir};
use annals_core::Timestamp;
use annals_engine::Engine;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

const LOG: &str = "log";
const EXPECTED: &str = "expected.json";

/// A recorded log.
#[derive(Debug)]
pub(crate) struct Tape(pub(crate) Vec<(Timestamp, Bytes)>);

/// What a node has that applied a log.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    /// The entry that the newest commit comes from.
    pub(crate) entry: u64,
    digest: String,
    /// Length and CRC-32C of each.
    segments: BTreeMap<String, (usize, u32)>,
}

impl Tape {
    /// A log that has these messages.
    pub(crate) fn log(&self) -> MemoryLog {
        MemoryLog::recorded(self.0.iter().cloned())
    }

    pub(crate) fn read(folder: &Path) -> Self {
        let bytes = Bytes::from(fs::read(folder.join(LOG)).unwrap());
        let mut rest = bytes;
        let mut messages = Vec::new();
        while !rest.is_empty() {
            let time = i64::from_le_bytes(rest.split_to(8)[..].try_into().unwrap());
            let len = u32::from_le_bytes(rest.split_to(4)[..].try_into().unwrap());
            messages.push((Timestamp::from_micros(time), rest.split_to(len as usize)));
        }
        Self(messages)
    }

    pub(crate) fn write(&self, folder: &Path) {
        let mut bytes = Vec::new();
        for (time, message) in &self.0 {
            bytes.extend_from_slice(&time.as_micros().to_le_bytes());
            bytes.extend_from_slice(&u32::try_from(message.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(message);
        }
        fs::write(folder.join(LOG), bytes).unwrap();
    }
}

impl Given {
    /// What a node has that is closed.
    pub(crate) fn of(node: &Cluster, dir: &Path) -> Self {
        let store = store_dir(dir);
        let files = fs::read_dir(store.join("log")).unwrap().map(|entry| entry.unwrap().path());
        let segments = files.filter(|path| path.extension().is_some_and(|name| name == "seg"));
        let segments = segments.map(|path| {
            let bytes = fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, (bytes.len(), crc32c::crc32c(&bytes)))
        });
        let segments = segments.collect();
        let options = node.identity().genesis.options();
        let (_engine, replica) = Engine::open_replica(store, &options).unwrap();
        let entry = replica.newest().unwrap().entry;
        Self { entry, digest: format!("{:016x}", replica.digest()), segments }
    }

    pub(crate) fn read(folder: &Path) -> Self {
        serde_json::from_slice(&fs::read(folder.join(EXPECTED)).unwrap()).unwrap()
    }

    pub(crate) fn write(&self, folder: &Path) {
        let mut text = serde_json::to_string_pretty(self).unwrap();
        text.push('\n');
        fs::write(folder.join(EXPECTED), text).unwrap();
    }
}
