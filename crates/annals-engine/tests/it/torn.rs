//! What stands at the end of the log after a crash: cut when it was never acknowledged, refused
//! when it was.

use std::{fs, path::Path};

use annals_core::*;
use annals_engine::{Engine, Options};

use crate::support::*;

const FIRST: &str = "log/0000000000.seg";

/// One large segment.
fn roomy() -> Options {
    Options { segment_bytes_first: 64 * 1024, segment_bytes_max: 64 * 1024, ..tiny() }
}

/// The first segment of a store that was not closed.
fn left_behind(fill: impl FnOnce(&Engine)) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path(), roomy()).unwrap();
    fill(&engine);
    fs::read(dir.path().join(FIRST)).unwrap()
}

/// Opens a store whose first segment is this.
fn open_left(dir: &Path, segment: &[u8]) -> Result<Engine> {
    Engine::open(dir, roomy()).unwrap().close().unwrap();
    fs::write(dir.join(FIRST), segment).unwrap();
    Engine::open(dir, roomy())
}

/// Where each frame begins, by its mark.
fn frames(segment: &[u8]) -> Vec<usize> {
    let windows = segment.windows(4).enumerate();
    windows.filter(|(_, bytes)| bytes == b"ANF1").map(|(at, _)| at).collect()
}

#[test]
fn a_torn_commit_is_cut_and_reported() {
    let segment = left_behind(|engine| {
        for number in 0..3 {
            append(engine, "a-1", number).unwrap();
        }
    });
    let last = frames(&segment)[2];
    let end = segment.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for (at, what) in [(last, "header"), (last + 30, "header"), (last + 60, "record")] {
        let mut torn = segment.clone();
        torn[at..end - 1].fill(0);
        let dir = tempfile::tempdir().unwrap();
        let engine = open_left(dir.path(), &torn).unwrap();
        let report = engine.report().torn_tail.clone().unwrap();
        assert_eq!((report.file.as_str(), report.offset), (FIRST, last as u64), "{what}");
        assert_eq!(read_all(&engine).len(), 2, "{what}");
        append(&engine, "a-1", 9).unwrap();
        drop(engine);
        let engine = Engine::open(dir.path(), roomy()).unwrap();
        assert_eq!(engine.report().torn_tail, None);
        assert_eq!(read_all(&engine).len(), 3);
    }
}

#[test]
fn a_damaged_commit_with_later_ones_behind_it_is_refused_with_its_place() {
    let segment = left_behind(|engine| {
        for number in 0..3 {
            append(engine, "a-1", number).unwrap();
        }
    });
    for (number, at) in frames(&segment).into_iter().enumerate().take(2) {
        let mut damaged = segment.clone();
        damaged[at + 50] ^= 1;
        let dir = tempfile::tempdir().unwrap();
        let error = open_left(dir.path(), &damaged).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted, "commit {number}");
        let place = [("file", FIRST.to_owned()), ("offset", at.to_string())];
        assert_eq!(error.context(), place, "commit {number}");
    }
}

#[test]
fn damage_to_the_last_commit_of_a_closed_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path(), roomy()).unwrap();
    append(&engine, "a-1", 0).unwrap();
    engine.close().unwrap();
    let mut segment = fs::read(dir.path().join(FIRST)).unwrap();
    segment[64 + 50] ^= 1;
    fs::write(dir.path().join(FIRST), segment).unwrap();
    let error = Engine::open(dir.path(), roomy()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
}

#[test]
fn data_that_holds_a_log_is_not_taken_for_one_after_a_crash() {
    let inner = left_behind(|engine| {
        for number in 0..20 {
            append(engine, "a-1", number).unwrap();
        }
    });
    let segment = left_behind(|engine| {
        append(engine, "a-1", 0).unwrap();
        let backup = NewEvent { data: inner[..8_000].to_vec().into(), ..event(1) };
        engine.append(Append::to(stream("a-1"), ExpectedVersion::Any, [backup])).unwrap();
    });
    let last = frames(&segment)[1];
    let mut torn = segment;
    torn[last + 45] ^= 1;
    let dir = tempfile::tempdir().unwrap();
    let engine = open_left(dir.path(), &torn).unwrap();
    assert_eq!(engine.report().torn_tail.as_ref().unwrap().offset, last as u64);
    assert_eq!(read_all(&engine).len(), 1);
}

/// The first segment of a store in use at two moments, with commits between them.
fn at_two_moments() -> (Vec<u8>, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path(), roomy()).unwrap();
    let fill = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            append(&engine, "a-1", number).unwrap();
        }
        fs::read(dir.path().join(FIRST)).unwrap()
    };
    (fill(0..20), fill(20..60))
}

#[test]
fn an_open_segment_copied_from_its_end_to_its_beginning_while_it_grows_can_be_opened() {
    let (before, after) = at_two_moments();
    let end = |segment: &[u8]| segment.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for cut in (64..end(&after) + 100).step_by(97) {
        // What lies behind the cut was copied first.
        let copied = [&after[..cut], &before[cut..]].concat();
        let dir = tempfile::tempdir().unwrap();
        let engine = open_left(dir.path(), &copied).unwrap();
        let events = read_all(&engine);
        assert!(events.len() >= 20, "cut at {cut}");
        assert!((0..).zip(&events).all(|(number, found)| found.id == event(number).id));
    }
}

/// This is why a store in use is not copied just so: from its beginning on, a copy gets commits
/// without those in front of them, which is what a lost write looks like.
#[test]
fn an_open_segment_copied_from_its_beginning_on_while_it_grows_is_refused() {
    let (before, after) = at_two_moments();
    let end = before.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let cut = end + 200;
    let copied = [&before[..cut], &after[cut..]].concat();
    let dir = tempfile::tempdir().unwrap();
    let error = open_left(dir.path(), &copied).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
}
