//! Reading back everything, from every node, and comparing it with what was acknowledged.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use annals_cluster::{
    Cluster, Notice,
    log::{MemoryLog, OrderedLog},
    store_dir,
};
use annals_core::{Backend, Delivery, Query, Read, ReadAll, RecordedEvent, Result};
use annals_testkit::History;
use futures_lite::{StreamExt, future::block_on};

use crate::{
    bed::Bed,
    followers::{Seen, after},
    round::Readers,
    seats::{C, NAMES, SEATS},
};

/// Far more than nodes take to catch up and to tell of it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The node that is made at the end, from the log alone.
const NEW: &str = "d";

/// The nodes that are made from a copy of the log.
const AGAIN: [&str; 2] = ["e", "f"];

/// Whether the log is also copied, and applied to two nodes from its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replays {
    None,
    Two,
}

/// What was found when everything was compared.
#[derive(Debug)]
pub(crate) struct Found {
    /// Entries of the log.
    pub(crate) entries: u64,
    pub(crate) events: usize,
    /// Segments of each node.
    pub(crate) segments: usize,
    pub(crate) digest: u64,
    /// How long a new node took to be made from the log.
    pub(crate) made_anew: Duration,
}

/// Compares everything. The nodes are closed afterwards.
///
/// # Panics
/// When something is not as it should be.
pub(crate) fn everything(
    bed: &Bed,
    history: &History,
    readers: &Readers,
    replays: Replays,
) -> Found {
    let log = bed.log();
    let (entries, digest) = {
        let log = log.clone();
        bed.on_runtime(async move {
            let agreed = agreement(&*log, SEATS);
            tokio::time::timeout(PATIENCE, agreed).await.expect("the nodes tell of one digest")
        })
    };
    bed.close_other();
    let other = bed.open_named(NAMES[C]).unwrap();
    let begun = Instant::now();
    let new = bed.open_named(NEW).unwrap();
    let made_anew = begun.elapsed();
    let nodes: Vec<Cluster> = bed.seats.here.iter().cloned().chain([other, new]).collect();
    let events = equal_events(&nodes);
    history.check(&events);
    nothing_missed(&readers.seen, &nodes[C], &events);
    for node in &nodes {
        block_on(node.close()).unwrap();
    }
    let mut names = vec![NAMES[1], NAMES[C], NEW];
    if replays == Replays::Two {
        replay(bed, entries);
        names.extend(AGAIN);
    }
    let segments = equal_segments(bed, &names);
    Found { entries, events: events.len(), segments, digest, made_anew }
}

/// Waits until so many nodes have applied the whole log and say the same of it. Gives its end and
/// the digest.
async fn agreement(log: &dyn OrderedLog, nodes: usize) -> (u64, u64) {
    let mut told = log.hear();
    let mut newest = BTreeMap::new();
    loop {
        let Some(notice) = Notice::decode(&told.next().await.unwrap()) else { continue };
        assert_eq!(notice.trouble, None, "node {}", notice.name);
        newest.insert(notice.node, notice);
        let Ok(extent) = log.extent().await else { continue };
        let is_all = newest.len() == nodes;
        if !is_all || newest.values().any(|notice| notice.applied != extent.last) {
            continue;
        }
        let digests: Vec<_> = newest.values().map(|notice| notice.digest).collect();
        let first = digests[0].expect("a node has a digest");
        assert!(digests.iter().all(|digest| *digest == Some(first)), "{newest:?}");
        return (extent.last, first);
    }
}

/// Everything that a node has.
pub(crate) fn read_all(node: &Cluster) -> Result<Vec<RecordedEvent>> {
    block_on(node.read(Read::All(ReadAll::new(Query::all()))).try_collect())
}

/// Reads every node, and compares event by event.
fn equal_events(nodes: &[Cluster]) -> Vec<RecordedEvent> {
    let first = read_all(&nodes[0]).unwrap();
    for node in &nodes[1..] {
        let other = read_all(node).unwrap();
        let differs = first.iter().zip(&other).position(|(one, other)| one != other);
        assert_eq!((differs, other.len()), (None, first.len()), "{:?}", node.identity().name);
    }
    first
}

/// The subscription that moved has seen everything up to where it was, and the rest goes on there
/// on another node.
fn nothing_missed(seen: &Seen, node: &Cluster, events: &[RecordedEvent]) {
    let mut seen = seen.clone();
    let mut given = node.subscribe(after(&seen));
    while seen.len() < events.len() {
        if let Delivery::Event(event) = block_on(given.next()).unwrap().unwrap() {
            seen.push((event.position, event.id));
        }
    }
    let stored = events.iter().map(|event| (event.position, event.id));
    assert!(seen.iter().copied().eq(stored), "the subscription that moved saw everything once");
}

/// Copies the log, and makes two nodes from the copy.
fn replay(bed: &Bed, entries: u64) {
    let log = bed.log();
    let copied = bed.on_runtime(async move {
        let copied = log.follow(1).take(usize::try_from(entries).unwrap());
        copied.try_collect::<_, _, Vec<_>>().await.unwrap()
    });
    let messages = copied.into_iter().map(|logged| (logged.time, logged.message));
    let copy = Arc::new(MemoryLog::recorded(messages));
    for name in AGAIN {
        let node = bed.open_on(copy.clone(), name).unwrap();
        assert_eq!(node.applied(), entries);
        block_on(node.close()).unwrap();
    }
}

/// Compares the segments of all nodes byte by byte, and counts those of one.
fn equal_segments(bed: &Bed, others: &[&str]) -> usize {
    let first = segments(&bed.folder(NAMES[0]));
    for name in others {
        let other = segments(&bed.folder(name));
        assert!(first.keys().eq(other.keys()), "{name} has other segments");
        for (file, bytes) in &first {
            let differs = bytes.iter().zip(&other[file]).position(|(one, other)| one != other);
            let len = other[file].len();
            assert_eq!((differs, len), (None, bytes.len()), "`{file}` of {name} differs");
        }
    }
    first.len()
}

/// The segments of a node that is closed, by the names of their files.
pub(crate) fn segments(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files =
        fs::read_dir(store_dir(dir).join("log")).unwrap().map(|entry| entry.unwrap().path());
    let segments = files.filter(|path| path.extension().is_some_and(|name| name == "seg"));
    let named = segments.map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(path).unwrap())
    });
    named.collect()
}
