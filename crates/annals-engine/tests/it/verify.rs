//! Checking a store: sound ones are sound, and damage is named.

use std::fs;

use annals_core::*;
use annals_engine::{Severity, VerifyReport, verify};

use crate::support::*;

fn check(dir: &std::path::Path) -> VerifyReport {
    verify(dir, &mut |_, _| {}).unwrap()
}

fn filled(dir: &std::path::Path) -> annals_engine::Engine {
    let engine = open(dir);
    for number in 0..100 {
        append(&engine, &format!("counter-{}", number / 5), number).unwrap();
    }
    engine
}

#[test]
fn a_sound_store_is_sound_open_and_closed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path());
    let report = check(dir.path());
    assert_eq!(report.problems, []);
    assert!(report.in_use);
    assert_eq!((report.events, report.streams), (100, 20));
    engine.close().unwrap();
    let report = check(dir.path());
    assert_eq!(report.problems, []);
    assert!(!report.in_use && report.torn_tail.is_none());
    assert_eq!(report.head, Some(Position::new(99)));
    assert!(report.index_entries > 100);
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("verify")), "{left:?}");
}

#[test]
fn a_flipped_bit_in_a_segment_is_named_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).close().unwrap();
    let file = dir.path().join("log/0000000001.seg");
    let mut bytes = fs::read(&file).unwrap();
    bytes[300] ^= 4;
    fs::write(&file, bytes).unwrap();
    let report = check(dir.path());
    let problem = &report.problems[0];
    assert_eq!(problem.file, "log/0000000001.seg");
    assert!(problem.offset.is_some_and(|offset| offset <= 300), "{:?}", report.problems);
    assert_eq!(problem.severity, Severity::Log);
}

#[test]
fn an_index_of_another_moment_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).close().unwrap();
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    let report = check(dir.path());
    assert_eq!(report.problems[0].file, "index");
    assert_eq!(report.problems[0].severity, Severity::Derived);
}

#[test]
fn no_store_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let error = verify(dir.path(), &mut |_, _| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        fs::read_dir(dir.path()).unwrap().next().is_none(),
        "checking must not create anything"
    );
}
