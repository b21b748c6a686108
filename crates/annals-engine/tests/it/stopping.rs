//! Processes that stop, and operations of the disk that fail, at any point.

use std::{error::Error as _, io, path::Path, sync::Arc};

use annals_core::*;
use annals_engine::{Engine, storage::MemoryStorage};
use annals_testbed::wait_until;

use crate::{
    failing::{FailingStorage, Failure},
    support::*,
};

fn open_on(storage: Arc<FailingStorage>, index: &Path) -> Result<Engine> {
    Engine::open_with(storage, index.join("index"), tiny())
}

/// Appends numbered events until one is refused; how many were taken.
fn append_all(engine: &Engine, to: u64) -> u64 {
    let from = engine.info().unwrap().events;
    let append = |number: &u64| append(engine, &format!("counter-{}", number / 5), *number).is_ok();
    from + (from..to).take_while(append).count() as u64
}

/// Stops a workload at one operation, opens what is left, and goes on; whether the workload had
/// ended before.
fn stop_at(at: u64) -> bool {
    const EVENTS: u64 = 24;
    let files = Arc::new(MemoryStorage::new());
    let dir = tempfile::tempdir().unwrap();
    let storage = FailingStorage::new(&files, at, Failure::Stop);
    let taken = match open_on(Arc::clone(&storage), dir.path()) {
        Ok(engine) => append_all(&engine, EVENTS),
        Err(_) => 0,
    };
    let is_over = storage.operations() <= at;
    // Nothing of the stopped process is left but its files.
    let files = Arc::new(MemoryStorage::with_contents(files.contents()));
    let storage = FailingStorage::new(&files, u64::MAX, Failure::Stop);
    let engine = open_on(storage, dir.path())
        .unwrap_or_else(|error| panic!("stopped at operation {at}: {error:?}"));
    let events = read_all(&engine);
    assert!(events.len() as u64 >= taken, "stopped at operation {at}");
    for (number, found) in (0..).zip(&events) {
        assert_eq!(found.id, event(number).id, "stopped at operation {at}");
    }
    assert_eq!(append_all(&engine, EVENTS), EVENTS, "stopped at operation {at}");
    is_over
}

#[test]
fn a_process_that_stops_anywhere_loses_nothing_that_it_acknowledged() {
    // The time goes into waiting for the disk under the index.
    const THREADS: u64 = 8;
    let tried: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| {
                scope.spawn(move || {
                    let mut turns = (first..).step_by(THREADS as usize);
                    turns.by_ref().position(stop_at).unwrap() as u64
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(tried > 60, "only {tried} operations were tried");
}

/// A store on files in memory that goes on after an operation that failed.
struct Once {
    storage: Arc<FailingStorage>,
    files: Arc<MemoryStorage>,
    dir: tempfile::TempDir,
    engine: Engine,
}

fn once(kind: io::ErrorKind) -> Once {
    let files = Arc::new(MemoryStorage::new());
    let dir = tempfile::tempdir().unwrap();
    let storage = FailingStorage::new(&files, u64::MAX, Failure::Once(kind));
    let engine = open_on(Arc::clone(&storage), dir.path()).unwrap();
    append(&engine, "counter-0", 0).unwrap();
    Once { storage, files, dir, engine }
}

#[test]
fn after_a_failed_write_or_sync_nothing_more_is_written() {
    for skip in [0, 1] {
        let Once { storage, files, dir, engine } = once(io::ErrorKind::Other);
        storage.fail_after(skip);
        let error = append(&engine, "counter-0", 1).unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Poisoned, Retry::AfterReopen));
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains("log/0000000000.seg"), "{cause}");

        let before = storage.operations();
        let put = StatePut {
            key: StateKey::checkpoint(Name::new("c").unwrap()),
            expected: StateExpected::Any,
            value: None,
        };
        let delete = DeleteStream {
            stream: stream("counter-0"),
            expected: ExpectedVersion::Any,
            mode: DeleteMode::Soft,
        };
        assert_eq!(append(&engine, "counter-0", 2).unwrap_err().kind(), ErrorKind::Poisoned);
        assert_eq!(engine.put_state(put).unwrap_err().kind(), ErrorKind::Poisoned);
        assert_eq!(engine.delete_stream(delete).unwrap_err().kind(), ErrorKind::Poisoned);
        assert_eq!(read_all(&engine).len(), 1, "what is durable can be read");
        engine.close().unwrap();
        assert_eq!(storage.operations(), before, "something was written after a failure");

        let storage = FailingStorage::new(&files, u64::MAX, Failure::Stop);
        let engine = open_on(storage, dir.path()).unwrap();
        // Whether the failed write reached the disk nobody can say; here it did, where only the
        // sync failed.
        assert_eq!(read_all(&engine).len() as u64, 1 + skip);
        append(&engine, "counter-0", 2).unwrap();
    }
}

#[test]
fn a_full_disk_refuses_the_append_and_the_store_stays_usable() {
    let Once { storage, engine, dir: _dir, .. } = once(io::ErrorKind::StorageFull);
    // Larger than any segment, so that a new one is needed and no spare one will do.
    let mut large = event(1);
    large.data = vec![b'1'; 5_000].into();
    let large = || Append::to(stream("counter-0"), ExpectedVersion::Any, [large.clone()]);
    storage.fail_after(0);
    let error = engine.append(large()).unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Later));
    append(&engine, "counter-0", 2).unwrap();
    engine.append(large()).unwrap();
    assert_eq!(read_all(&engine).len(), 3);
}

/// Appends from `from` on until an append is refused; its number, and why.
fn append_until_refused(engine: &Engine, from: u64) -> (u64, Error) {
    let refused = |number| Some((number, append(engine, "counter-0", number).err()?));
    (from..1_000).find_map(refused).unwrap()
}

#[test]
fn a_disk_that_is_full_while_segments_are_sealed_stops_nothing_for_good() {
    let Once { storage, engine, dir: _dir, .. } = once(io::ErrorKind::Other);
    let mut next = 1;
    for _ in 0..3 {
        storage.set_full(true);
        let (refused, error) = append_until_refused(&engine, next);
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Later));
        assert_eq!(read_all(&engine).len() as u64, refused);
        storage.set_full(false);
        // Sealing goes on by itself.
        wait_until("appends go on", || append(&engine, "counter-0", refused).is_ok()).unwrap();
        next = refused + 1;
    }
    assert_eq!(read_all(&engine).len() as u64, next);
    engine.close().unwrap();
}

#[test]
fn a_store_that_is_closed_while_the_disk_is_full_has_all_that_was_acknowledged() {
    let Once { storage, files, dir, engine } = once(io::ErrorKind::Other);
    storage.set_full(true);
    let (refused, _) = append_until_refused(&engine, 1);
    engine.close().unwrap();
    let storage = FailingStorage::new(&files, u64::MAX, Failure::Stop);
    let engine = open_on(storage, dir.path()).unwrap();
    assert_eq!(read_all(&engine).len() as u64, refused);
    append(&engine, "counter-0", refused).unwrap();
}

#[test]
fn what_may_not_be_done_is_told_as_such() {
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
        let dir = tempfile::tempdir().unwrap();
        let files = Arc::new(MemoryStorage::new());
        for at in 0..5 {
            let storage = FailingStorage::new(&files, at, Failure::Once(kind));
            let error = open_on(storage, dir.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "operation {at}: {error:?}");
        }
        let storage = FailingStorage::new(&files, u64::MAX, Failure::Once(kind));
        assert!(open_on(storage, dir.path()).is_ok());
    }
}
