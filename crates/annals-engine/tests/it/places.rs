//! Folders that hold no store, another one, or one that somebody else has.

use std::{fs, path::Path, process::Command};

use annals_core::*;
use annals_engine::{Create, Engine, Options};

use crate::support::*;

fn refused(dir: &Path, options: Options) -> Error {
    Engine::open(dir, options).unwrap_err()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_folder_with_other_things_in_it_is_refused_and_left_alone() {
    for other in ["notes.txt", "log/notes.txt", "log/app.seg", "index/notes.txt"] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(other);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let before = names(dir.path());
        let error = refused(dir.path(), tiny());
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{other}: {error:?}");
        let named = other.strip_suffix("/notes.txt").filter(|name| *name == "index");
        assert!(error.to_string().contains(named.unwrap_or(other)), "{other}: {error}");
        assert_eq!(names(dir.path()), before, "{other}");
    }
}

#[test]
fn a_file_in_the_place_of_the_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.csv");
    fs::write(&path, "a,b").unwrap();
    for place in [path.clone(), path.join("store")] {
        let error = refused(&place, tiny());
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"a,b");
}

#[test]
fn a_store_that_must_exist_is_not_begun() {
    let dir = tempfile::tempdir().unwrap();
    let never = || Options { create: Create::Never, ..tiny() };
    let missing = dir.path().join("missing");
    assert_eq!(refused(&missing, never()).kind(), ErrorKind::InvalidArgument);
    assert!(!missing.exists());
    assert_eq!(refused(dir.path(), never()).kind(), ErrorKind::InvalidArgument);
    assert!(names(dir.path()).is_empty());
    open(dir.path()).close().unwrap();
    assert!(Engine::open(dir.path(), never()).is_ok());
}

#[test]
fn a_missing_folder_is_made_with_those_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("a/b/c"));
    assert!(engine.report().created);
    append(&engine, "a-1", 0).unwrap();
}

#[test]
fn a_store_that_was_stopped_while_it_was_begun_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("LOCK"), "process 1").unwrap();
    fs::create_dir(dir.path().join("log")).unwrap();
    fs::write(dir.path().join("log/beginning"), [0; 100]).unwrap();
    let engine = open(dir.path());
    assert!(engine.report().created);
    append(&engine, "a-1", 0).unwrap();
    assert!(!dir.path().join("log/beginning").exists());
}

#[test]
fn a_second_engine_is_told_who_has_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let error = refused(dir.path(), tiny());
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Later));
    let holder = format!("process {}", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
    assert_eq!(error.context(), [("holder", holder)]);
    append(&engine, "a-1", 0).unwrap();
    engine.close().unwrap();
    assert_eq!(read_all(&open(dir.path())).len(), 1);
}

/// Names the store that the child process below is to open.
const STORE_OF_CHILD: &str = "ANNALS_TEST_HELD_STORE";

#[test]
fn another_process_is_told_who_has_the_store() {
    if let Some(dir) = std::env::var_os(STORE_OF_CHILD) {
        println!("{}", refused(Path::new(&dir), tiny()));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "places::another_process_is_told_who_has_the_store", "--nocapture"])
        .env(STORE_OF_CHILD, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    let holder = format!("the store is in use by process {}", std::process::id());
    assert!(child.status.success() && said.contains(&holder), "{said}");
    append(&engine, "a-1", 0).unwrap();
}

#[test]
fn an_empty_store_comes_back_empty() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let engine = open(dir.path());
        let report = engine.report();
        assert_eq!((report.created, &report.torn_tail), (round == 0, &None));
        assert_eq!((&report.manifest_rebuilt, &report.index_rebuilt), (&None, &None));
        assert_eq!(read_all(&engine), []);
        assert_eq!(engine.head().unwrap(), None);
        let info = engine.info().unwrap();
        assert_eq!((info.events, info.streams, info.segments), (0, 0, Some(1)));
        let error = engine.read(ReadStream::new(stream("a-1"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StreamNotFound);
        engine.close().unwrap();
    }
}

#[test]
fn a_closed_store_says_so_to_every_call() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    append(&engine, "a-1", 0).unwrap();
    let mut half_read = engine.read(ReadAll::new(Query::all())).unwrap();
    engine.close().unwrap();
    engine.close().unwrap();
    let key = StateKey::checkpoint(Name::new("c").unwrap());
    let put = StatePut { key: key.clone(), expected: StateExpected::Any, value: None };
    let delete = DeleteStream {
        stream: stream("a-1"),
        expected: ExpectedVersion::Any,
        mode: DeleteMode::Soft,
    };
    let errors = [
        append(&engine, "a-1", 1).map(drop),
        engine.delete_stream(delete).map(drop),
        engine.put_state(put).map(drop),
        engine.read(ReadAll::new(Query::all())).map(drop),
        half_read.next().unwrap().map(drop),
        engine.head().map(drop),
        engine.stream_info(&stream("a-1")).map(drop),
        engine.stream_names(None, 0).map(drop),
        engine.state(&key).map(drop),
        engine.states(StateKind::Lease, "").map(drop),
        engine.info().map(drop),
    ];
    for (call, error) in errors.into_iter().enumerate() {
        let error = error.unwrap_err();
        let told = (error.kind(), error.retry());
        assert_eq!(told, (ErrorKind::Closed, Retry::AfterReopen), "call {call}: {error:?}");
    }
    assert!(half_read.next().is_none(), "a read ends after an error");
}
