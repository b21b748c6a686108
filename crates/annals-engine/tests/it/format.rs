//! The disk format: today's bytes are those of the fixture, and every fixture says what it said
//! when it was made.
//!
//! With `ANNALS_CREATE_FORMAT=1` the fixture of a new format version is made, once. One that is
//! there already is never written over.

use std::{
    fs,
    path::{Path, PathBuf},
};

use annals_engine::{Engine, FORMAT_VERSION, OpenReport, verify};

use crate::{support::copy, workload};

const CREATE: &str = "ANNALS_CREATE_FORMAT";
const CONTENTS: &str = "contents.txt";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/engine")
}

fn fixture(version: u32) -> PathBuf {
    fixtures().join(format!("v{version}"))
}

/// The files whose bytes follow from what was appended, by their path in the store.
fn determined(store: &Path) -> Vec<(String, Vec<u8>)> {
    let names = |dir: &str| -> Vec<String> {
        let entries = fs::read_dir(store.join(dir)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let in_log = names("log").into_iter().filter(|name| name != "spare");
    let in_log = in_log.map(|name| format!("log/{name}"));
    let manifests = names("").into_iter().filter(|name| name.starts_with("MANIFEST"));
    let mut paths: Vec<_> = in_log.chain(manifests).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(store.join(path)).unwrap())).collect()
}

fn create(version: &Path, store: &Path) {
    assert!(!version.exists(), "a fixture is never written over: {version:?}");
    let engine = Engine::open(store, workload::later()).unwrap();
    let contents = workload::contents(&engine).unwrap();
    drop(engine);
    fs::create_dir_all(version).unwrap();
    fs::write(version.join(CONTENTS), contents).unwrap();
}

#[test]
fn the_same_appends_give_the_bytes_of_the_fixture() {
    let dir = tempfile::tempdir().unwrap();
    workload::create(dir.path());
    let version = fixture(FORMAT_VERSION);
    if std::env::var_os(CREATE).is_some() {
        let aside = tempfile::tempdir().unwrap();
        copy(dir.path(), aside.path());
        create(&version, aside.path());
        for leftover in ["LOCK", "log/spare"] {
            fs::remove_file(dir.path().join(leftover)).unwrap();
        }
        copy(dir.path(), &version.join("store"));
    }
    let (today, then) = (determined(dir.path()), determined(&version.join("store")));
    let paths = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(paths(&today), paths(&then));
    for ((path, today), (_, then)) in today.iter().zip(&then) {
        let differs = today.iter().zip(then).position(|(today, then)| today != then);
        assert_eq!(differs, None, "{path} has another byte at this offset");
        assert_eq!(today.len(), then.len(), "{path} has another length");
    }
}

/// Opens a copy of a fixture, which must say what it said when it was made.
fn check(version: &Path, has_index: bool) -> OpenReport {
    let dir = tempfile::tempdir().unwrap();
    copy(&version.join("store"), dir.path());
    if !has_index {
        fs::remove_dir_all(dir.path().join("index")).unwrap();
    }
    let contents = fs::read_to_string(version.join(CONTENTS)).unwrap();
    let engine = Engine::open(dir.path(), workload::later()).unwrap();
    let found = workload::contents(&engine).unwrap();
    for (line, (found, wanted)) in found.lines().zip(contents.lines()).enumerate() {
        assert_eq!(found, wanted, "line {} of {CONTENTS}", line + 1);
    }
    assert_eq!(found.len(), contents.len());
    let report = engine.report().clone();
    engine.close().unwrap();
    assert_eq!(verify(dir.path(), &mut |_, _| {}).unwrap().problems, []);
    report
}

#[test]
fn every_fixture_says_what_it_said() {
    let versions: Vec<_> = (1..=FORMAT_VERSION).map(fixture).collect();
    for version in &versions {
        assert_eq!(check(version, true), OpenReport::default(), "{version:?}");
        let report = check(version, false);
        assert!(report.segments_indexed > 10, "{version:?}: {report:?}");
    }
    assert_eq!(fs::read_dir(fixtures()).unwrap().count(), versions.len());
}
