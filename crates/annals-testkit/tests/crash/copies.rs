//! A folder copied with ordinary means while the store in it is written to: the copy opens and
//! holds a beginning of what the original holds in the end.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::mpsc::{Receiver, sync_channel},
};

use annals_core::{
    Append, Backend, EventType, ExpectedVersion, NewEvent, Query, ReadAll, RecordedEvent, Result,
    StreamName,
};
use annals_engine::{Embedded, Options, verify};
use futures_lite::{StreamExt, future::block_on};

use crate::{expected::naming, room::copy_folder};

/// Segments that are full now and then while a copy is taken.
fn open(folder: &Path) -> Result<Embedded> {
    let options =
        Options { segment_bytes_first: 16_384, segment_bytes_max: 16_384, ..Options::default() };
    Embedded::open(folder, options)
}

fn all(store: &dyn Backend) -> Vec<RecordedEvent> {
    let events: Result<Vec<_>> =
        block_on(store.read(ReadAll::new(Query::all()).into()).try_collect());
    events.expect("the store can be read")
}

/// Appends for each copy: about as many as fill a segment.
const APPENDS: u64 = 60;

/// Appends for each copy that begins. A writer without measure would fill segments faster, on a
/// fast disk, than a copy can list them.
fn write(store: &dyn Backend, begins: &Receiver<()>) {
    let rounds = begins.iter().flat_map(|()| 0..APPENDS);
    for round in rounds {
        let new = |_| NewEvent::new(EventType::new("a").unwrap(), vec![7; 60]);
        let stream = StreamName::new(format!("s-{}", round % 3)).unwrap();
        let events: Vec<_> = (0..=round % 3).map(new).collect();
        block_on(store.append(Append::to(stream, ExpectedVersion::Any, events)))
            .expect("a good disk");
    }
}

/// The copy opens, holds a beginning of the original, and is sound.
fn check_copy(copy: &Path, original: &[RecordedEvent]) {
    let store = open(copy).unwrap_or_else(|error| panic!("{error}"));
    let copied = all(&store);
    assert!(original.starts_with(&copied), "{} events, not a beginning", copied.len());
    drop(store);
    let report = verify(copy, &mut |_, _| {}).expect("a store");
    assert!(report.is_sound(), "{:?}", report.problems);
}

/// Copies a folder; `false` when files came or went meanwhile, so that it must be done again. An
/// operator would notice too: listing a folder that changes may leave a file out.
fn copy(from: &Path, to: &Path) -> bool {
    let names = || -> BTreeSet<_> {
        let entries = fs::read_dir(from.join("log")).expect("the folder is there");
        entries.map(|entry| entry.expect("the folder can be listed").file_name()).collect()
    };
    let before = names();
    let is_whole = copy_folder(from, to).is_ok() && names() == before;
    if !is_whole {
        fs::remove_dir_all(to).expect("what was copied can be removed");
    }
    is_whole
}

#[test]
fn a_copy_taken_while_writing_opens() {
    let folder = tempfile::tempdir().expect("there is room");
    let copies = tempfile::tempdir().expect("there is room");
    let store = open(folder.path()).expect("an empty folder");
    let copied = |number: u32| copies.path().join(number.to_string());
    let mut whole = Vec::new();
    std::thread::scope(|scope| {
        // Given from hand to hand, so that the writer is at it when a copy begins.
        let (begin, begins) = sync_channel(0);
        let store = &store;
        scope.spawn(move || write(store, &begins));
        for number in 0..25 {
            let mut tries = 0..50;
            if tries.any(|_| begin.send(()).is_ok() && copy(folder.path(), &copied(number))) {
                whole.push(number);
            }
        }
    });
    let original = all(&store);
    assert!(whole.len() > 5, "{} copies were taken whole", whole.len());
    for number in whole {
        naming(|| format!("copy {number}"), || check_copy(&copied(number), &original));
    }
}
