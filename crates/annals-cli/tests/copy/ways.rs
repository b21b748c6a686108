//! Every way from one kind of store to another.

use std::sync::atomic::{AtomicBool, Ordering};

use annals::{Append, Backend, ExpectedVersion, StateKind};
use futures_lite::future::block_on;

use crate::{
    data,
    places::{Server, folder, memory, open},
    story::{append, check_same, copy_all, event, events, put, states, stream, tell, try_copy},
};

/// There and back, and both go on alike.
fn there_and_back(source: &dyn Backend, target: &dyn Backend, back: &dyn Backend) {
    tell(source);
    let copied = copy_all(source, target);
    assert_eq!((copied.present, copied.checkpoints, copied.snapshots), (0, 1, 1));
    assert_eq!(copied.digest, copy_all(target, back).digest);
    append(target, "counter-2", 1_000..1_003);
    append(target, "new-1", 0..1);
    let further = copy_all(target, back);
    assert_eq!(further.present, copied.copied);
    assert!(states(back, StateKind::Lease).is_empty());
}

pub(crate) fn memory_and_folder(_: &Server) {
    let dir = tempfile::tempdir().unwrap();
    there_and_back(memory().as_ref(), folder(dir.path()).as_ref(), memory().as_ref());
}

pub(crate) fn memory_and_postgres(server: &Server) {
    there_and_back(memory().as_ref(), server.store().as_ref(), memory().as_ref());
}

pub(crate) fn folder_and_postgres(server: &Server) {
    let (from, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (source, back) = (folder(from.path()), folder(back.path()));
    there_and_back(source.as_ref(), server.store().as_ref(), back.as_ref());
}

pub(crate) fn into_partitions(server: &Server) {
    let (source, back) = (memory(), server.store());
    let target = open(&format!("{}&partitions=4", server.place()));
    there_and_back(source.as_ref(), target.as_ref(), back.as_ref());
}

/// How many rows of the file are enough for batches to be many.
const ROWS: usize = 30_000;

pub(crate) fn real_events(server: &Server) {
    let dir = tempfile::tempdir().unwrap();
    let imported = dir.path().join("imported");
    data::import(&imported, ROWS);
    let source = folder(&imported);
    assert_eq!(events(source.as_ref()).len(), ROWS);
    // A ring, so that every kind is left and reached.
    let again = folder(&dir.path().join("again"));
    let stops = [server.store(), again, memory(), server.store(), memory()];
    let mut last = source;
    let mut digests = Vec::new();
    for stop in stops {
        digests.push(copy_all(last.as_ref(), stop.as_ref()).digest);
        last = stop;
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
}

pub(crate) fn in_use(_: &Server) {
    let dir = tempfile::tempdir().unwrap();
    let (source, target) = (folder(&dir.path().join("a")), folder(&dir.path().join("b")));
    tell(source.as_ref());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                append(source.as_ref(), &format!("busy-{}", number % 5), number..number + 3);
                put(source.as_ref(), StateKind::Snapshot, "busy", Some("state"));
                number += 3;
            }
        });
        for _ in 0..5 {
            let copied = try_copy(source.as_ref(), target.as_ref());
            let is_failed = copied.is_err();
            if is_failed {
                is_over.store(true, Ordering::Relaxed);
            }
            let copied = copied.unwrap();
            let taken = events(target.as_ref());
            assert_eq!(taken.last().map(|event| event.position), copied.head);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    copy_all(source.as_ref(), target.as_ref());
}

pub(crate) fn fences(server: &Server) {
    let source = memory();
    tell(source.as_ref());
    let newest = block_on(source.info()).unwrap().revision;
    for target in [memory(), server.store()] {
        copy_all(source.as_ref(), target.as_ref());
        assert_eq!(block_on(target.info()).unwrap().revision, newest);
        put(target.as_ref(), StateKind::Lease, "runner", Some("next"));
        let lease = states(target.as_ref(), StateKind::Lease).remove(0);
        assert!(lease.revision > newest);
        // What is stored twice is known, although another store had taken it.
        let known = events(source.as_ref()).remove(0);
        let stream = stream(known.stream.as_str());
        let again = Append::to(stream, ExpectedVersion::Any, [known.into_new()]);
        assert!(block_on(target.append(again)).unwrap().duplicate);
        append(target.as_ref(), "counter-5", 5..6);
        assert_eq!(event(5).data, events(target.as_ref()).pop().unwrap().data);
    }
    check_same(source.as_ref(), source.as_ref());
}
