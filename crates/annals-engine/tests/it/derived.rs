//! Everything derived can be missing, damaged, older or newer: the log alone decides.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use annals_core::*;
use annals_engine::{Engine, Options, Severity, verify};

use crate::{support::*, workload};

/// A store with one of everything, and what it says.
struct Made {
    dir: tempfile::TempDir,
    contents: String,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    workload::create(dir.path());
    let contents = workload::contents(&Engine::open(dir.path(), workload::later()).unwrap());
    Made { dir, contents: contents.unwrap() }
});

/// A copy of the store with one of everything.
fn made() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(MADE.dir.path(), dir.path());
    dir
}

/// Opens a store, which must say the same as ever, now and when it is opened once more.
#[track_caller]
fn check_same(dir: &Path) -> annals_engine::OpenReport {
    let engine = Engine::open(dir, workload::later()).unwrap();
    let contents = workload::contents(&engine).unwrap();
    assert!(contents == MADE.contents, "the store says something else");
    let report = engine.report().clone();
    engine.close().unwrap();
    let problems = verify(dir, &mut |_, _| {}).unwrap().problems;
    assert_eq!(problems, []);
    let engine = Engine::open(dir, workload::later()).unwrap();
    assert_eq!(engine.report(), &annals_engine::OpenReport::default());
    assert!(workload::contents(&engine).unwrap() == MADE.contents, "it says something else later");
    report
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir.join("log")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "seg")).collect();
    files.sort();
    files
}

#[test]
fn a_store_with_one_of_everything_says_the_same_again() {
    let dir = made();
    assert!(segments(dir.path()).len() > 10);
    assert_eq!(check_same(dir.path()), annals_engine::OpenReport::default());
}

#[test]
fn one_manifest_is_enough_and_none_is_made_again() {
    for lost in [&["a"][..], &["b"], &["a", "b"]] {
        for is_missing in [false, true] {
            let dir = made();
            for which in lost {
                let path = dir.path().join(format!("MANIFEST.{which}"));
                if is_missing { fs::remove_file(path).unwrap() } else { flip(&path, 20) }
            }
            let report = check_same(dir.path());
            let is_told = !is_missing || lost.len() == 2;
            assert_eq!(report.manifest_rebuilt.is_some(), is_told, "{lost:?}");
        }
    }
}

#[test]
fn an_index_made_under_another_hash_seed_is_not_believed() {
    let dir = made();
    let aside = tempfile::tempdir().unwrap();
    let index = dir.path().join("index");
    copy(&index, &aside.path().join("index"));
    // The manifests are lost, and with them the seed of all hashes.
    for which in ["a", "b"] {
        fs::remove_file(dir.path().join(format!("MANIFEST.{which}"))).unwrap();
    }
    let options = Options { hash_seed: None, ..workload::later() };
    Engine::open(dir.path(), options).unwrap().close().unwrap();
    // Then somebody brings the old index back from a backup.
    fs::remove_dir_all(&index).unwrap();
    copy(&aside.path().join("index"), &index);
    assert!(check_same(dir.path()).index_rebuilt.is_some());
}

#[test]
fn position_tables_that_are_lost_damaged_or_swapped_are_made_again() {
    let tables = |dir: &Path| -> Vec<PathBuf> {
        segments(dir).into_iter().rev().skip(1).map(|path| path.with_extension("pos")).collect()
    };
    type Harm = fn(&[PathBuf]);
    let harms: [(&str, Harm); 5] = [
        ("missing", |tables| tables.iter().for_each(|table| fs::remove_file(table).unwrap())),
        ("damaged", |tables| tables.iter().for_each(|table| flip(table, 9))),
        ("empty", |tables| tables.iter().for_each(|table| fs::write(table, "").unwrap())),
        ("of a newer format", |tables| {
            for table in tables {
                let mut bytes = fs::read(table).unwrap();
                bytes[8] = 99;
                fs::write(table, bytes).unwrap();
            }
        }),
        ("swapped", |tables| {
            let mut bytes: Vec<_> = tables.iter().map(|table| fs::read(table).unwrap()).collect();
            bytes.rotate_left(1);
            for (table, bytes) in tables.iter().zip(bytes) {
                fs::write(table, bytes).unwrap();
            }
        }),
    ];
    for (what, harm) in harms {
        let dir = made();
        harm(&tables(dir.path()));
        let engine = Engine::open(dir.path(), workload::later()).unwrap();
        assert!(workload::contents(&engine).unwrap() == MADE.contents, "{what}");
        engine.close().unwrap();
        // The table of a segment without events is not looked at, so it is not made again.
        let problems = verify(dir.path(), &mut |_, _| {}).unwrap().problems;
        assert!(problems.len() < 8, "{what}: {problems:?}");
        assert!(problems.iter().all(|problem| problem.severity == Severity::Derived));
    }
}

#[test]
fn an_index_that_is_lost_or_no_index_at_all_is_made_again() {
    let dir = made();
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let report = check_same(dir.path());
    assert_eq!(report.segments_indexed as usize, segments(dir.path()).len() - 1);

    let dir = made();
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    fs::create_dir(dir.path().join("index")).unwrap();
    fs::write(dir.path().join("index/current"), "not a tree").unwrap();
    assert!(check_same(dir.path()).index_rebuilt.is_some());

    let dir = made();
    for lost in ["MANIFEST.a", "MANIFEST.b", "index/current"] {
        fs::remove_file(dir.path().join(lost)).unwrap();
    }
    assert!(check_same(dir.path()).manifest_rebuilt.is_some());
}

/// As a process leaves it that is killed while a segment is sealed.
#[test]
fn the_rest_of_a_table_that_was_being_written_is_no_damage() {
    let dir = made();
    let tables = dir.path().join("index/tables");
    let some = fs::read_dir(&tables).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(some).unwrap();
    let unfinished = tables.join("1000000");
    fs::write(&unfinished, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(verify(dir.path(), &mut |_, _| {}).unwrap().problems, []);
    fs::write(&unfinished, &whole[..whole.len() / 2]).unwrap();
    // Nothing is made again because of it.
    assert_eq!(check_same(dir.path()), annals_engine::OpenReport::default());
    assert!(!unfinished.exists(), "it is cleared away");
}

#[test]
fn an_index_of_another_store_is_not_believed() {
    let dir = made();
    let other = tempfile::tempdir().unwrap();
    let (options, _) = workload::fixed();
    let options = Options { store_id: Some(uuid::Uuid::from_u128(77)), ..options };
    let engine = Engine::open(other.path(), options).unwrap();
    for number in 0..50 {
        append(&engine, "account-0", number).unwrap();
    }
    engine.close().unwrap();
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    copy(&other.path().join("index"), &dir.path().join("index"));
    assert!(check_same(dir.path()).index_rebuilt.is_some());
}

/// A store, and copies of it at some moments: closed, with so many events.
fn history() -> Vec<(u64, tempfile::TempDir)> {
    let dir = tempfile::tempdir().unwrap();
    let mut copies = Vec::new();
    for round in 1..=3 {
        let engine = open(dir.path());
        for number in (round - 1) * 40..round * 40 {
            append(&engine, &format!("counter-{}", number % 3), number).unwrap();
        }
        engine.close().unwrap();
        let aside = tempfile::tempdir().unwrap();
        copy(dir.path(), aside.path());
        copies.push((round * 40, aside));
    }
    copies
}

fn check_counted(dir: &Path, count: u64) -> annals_engine::OpenReport {
    let engine = open(dir);
    let ids: Vec<_> = read_all(&engine).into_iter().map(|event| event.id).collect();
    let wanted: Vec<_> = (0..count).map(|number| event(number).id).collect();
    assert_eq!(ids, wanted);
    workload::contents(&engine).unwrap();
    // Numbering goes on where the log ends, whatever the index had said.
    let next = append(&engine, "counter-0", 1_000).unwrap();
    assert_eq!(next.streams[0].first_version, Some(Version::new(count.div_ceil(3))));
    let report = engine.report().clone();
    engine.close().unwrap();
    assert_eq!(verify(dir, &mut |_, _| {}).unwrap().problems, []);
    report
}

#[test]
fn an_index_older_than_the_log_is_brought_up_and_a_newer_one_is_made_again() {
    let copies = history();
    for (count, of_log) in &copies {
        for (newer, of_index) in &copies {
            let dir = tempfile::tempdir().unwrap();
            copy(of_log.path(), dir.path());
            fs::remove_dir_all(dir.path().join("index")).unwrap();
            copy(&of_index.path().join("index"), &dir.path().join("index"));
            let report = check_counted(dir.path(), *count);
            assert_eq!(report.index_rebuilt.is_some(), newer > count, "{newer} for {count}");
            let is_older = newer < count;
            assert_eq!(report.segments_indexed > 0, is_older || newer > count);
        }
    }
}

#[test]
fn a_log_that_went_another_way_has_its_index_made_again() {
    let copies = history();
    let (_, old) = &copies[0];
    // The old copy goes on with other events, so that positions are equal and contents are not.
    let engine = open(old.path());
    for number in 40..80 {
        append(&engine, "other", number + 10_000).unwrap();
    }
    engine.close().unwrap();
    fs::remove_dir_all(old.path().join("index")).unwrap();
    copy(&copies[2].1.path().join("index"), &old.path().join("index"));
    let engine = open(old.path());
    assert!(engine.report().index_rebuilt.is_some());
    assert_eq!(engine.read(ReadStream::new(stream("other"))).unwrap().count(), 40);
    workload::contents(&engine).unwrap();
}

/// The files of an index, those in folders below included.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Opens a store with a damaged index. It says the same as ever, or that its index is damaged;
/// then it is opened once more, and says the same.
fn check_heals(dir: &Path, what: &str) -> bool {
    let engine = Engine::open(dir, workload::later()).unwrap();
    let contents = workload::contents(&engine);
    let is_noticed = contents.is_err() || engine.report().index_rebuilt.is_some();
    match contents {
        Ok(contents) => assert!(contents == MADE.contents, "{what}: it says something else"),
        Err(error) => {
            let told = error.context().iter().find(|(name, _)| *name == "file");
            assert_eq!(told.unwrap().1, "index", "{what}: {error:?}");
            engine.close().unwrap();
            let engine = Engine::open(dir, workload::later()).unwrap();
            assert!(engine.report().index_rebuilt.is_some(), "{what}");
            assert!(workload::contents(&engine).unwrap() == MADE.contents, "{what}: not healed");
        }
    }
    is_noticed
}

#[test]
fn damage_to_any_file_of_the_index_is_noticed_or_does_no_harm() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 5] = [
        ("missing", |file| fs::remove_file(file).unwrap()),
        ("cut", |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("flipped at the beginning", |file| flip(file, 1)),
        ("flipped in the middle", |file| flip(file, fs::read(file).unwrap().len() / 2)),
        ("flipped at the end", |file| flip(file, fs::read(file).unwrap().len() - 2)),
    ];
    let index = MADE.dir.path().join("index");
    let mut noticed = 0;
    for file in files(&index) {
        let inside = file.strip_prefix(&index).unwrap();
        for (harm, apply) in harms {
            let dir = made();
            apply(&dir.path().join("index").join(inside));
            noticed += usize::from(check_heals(dir.path(), &format!("{inside:?} {harm}")));
        }
    }
    assert!(noticed > 2 * files(&index).len(), "only {noticed} harms were noticed");
}
