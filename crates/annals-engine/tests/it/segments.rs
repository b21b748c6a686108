//! Segments that are missing, cut, foreign, damaged or of a newer format: the store says which
//! file, and never answers with half of what there was.

use std::{
    fs,
    path::{Path, PathBuf},
};

use annals_core::*;
use annals_engine::{Engine, Options};

use crate::support::*;

/// A closed store of several segments.
fn filled() -> tempfile::TempDir {
    filled_as(tiny())
}

fn filled_as(options: Options) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path(), options).unwrap();
    for number in 0..60 {
        append(&engine, &format!("counter-{}", number / 5), number).unwrap();
    }
    engine.close().unwrap();
    dir
}

fn segment(dir: &Path, number: usize) -> PathBuf {
    dir.join(format!("log/{number:010}.seg"))
}

fn count(dir: &Path) -> usize {
    (0..).take_while(|number| segment(dir, *number).exists()).count()
}

/// What the first error says: opening the store, or else reading everything.
fn first_error(dir: &Path) -> Option<Error> {
    let engine = match Engine::open(dir, tiny()) {
        Ok(engine) => engine,
        Err(error) => return Some(error),
    };
    engine.read(ReadAll::new(Query::all())).unwrap().find_map(Result::err)
}

#[track_caller]
fn check(dir: &Path, kind: ErrorKind, file: &str) -> Error {
    let error = first_error(dir).unwrap();
    let of_file = error.context().iter().find(|(name, _)| *name == "file");
    assert_eq!((error.kind(), of_file.unwrap().1.as_str()), (kind, file), "{error:?}");
    error
}

#[test]
fn a_missing_segment_is_named() {
    let whole = filled();
    let segments = count(whole.path());
    assert!(segments > 3);
    for number in 0..segments {
        for has_manifest in [true, false] {
            // Without a manifest nothing tells that there was one more segment at the end.
            if !has_manifest && number + 1 == segments {
                continue;
            }
            let dir = filled();
            fs::remove_file(segment(dir.path(), number)).unwrap();
            if !has_manifest {
                fs::remove_file(dir.path().join("MANIFEST.a")).unwrap();
                fs::remove_file(dir.path().join("MANIFEST.b")).unwrap();
            }
            let name = format!("log/{number:010}.seg");
            let error = check(dir.path(), ErrorKind::Corrupted, &name);
            assert!(error.to_string().contains("missing"), "{error}");
            assert!(!segment(dir.path(), number).exists(), "nothing is made up in its place");
        }
    }
}

#[test]
fn a_store_without_any_segment_is_not_taken_for_a_new_one() {
    let dir = filled();
    fs::remove_dir_all(dir.path().join("log")).unwrap();
    check(dir.path(), ErrorKind::Corrupted, "log/0000000000.seg");
}

#[test]
fn a_sealed_segment_that_is_cut_is_named() {
    let len = fs::metadata(segment(filled().path(), 1)).unwrap().len();
    for left in [0, 10, 64, 65, len - 1] {
        let dir = filled();
        let file = fs::OpenOptions::new().write(true).open(segment(dir.path(), 1)).unwrap();
        file.set_len(left).unwrap();
        check(dir.path(), ErrorKind::Corrupted, "log/0000000001.seg");
    }
}

#[test]
fn a_sealed_segment_with_space_behind_it_is_cut_again() {
    let dir = filled();
    let path = segment(dir.path(), 1);
    let len = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(len + 999).unwrap();
    let engine = open(dir.path());
    assert_eq!(read_all(&engine).len(), 60);
    assert_eq!(fs::metadata(&path).unwrap().len(), len);
}

#[test]
fn the_open_segment_that_is_cut_within_a_commit_loses_that_commit_and_says_so() {
    let dir = filled();
    let last = segment(dir.path(), count(dir.path()) - 1);
    let file = fs::OpenOptions::new().write(true).open(last).unwrap();
    file.set_len(64 + 50).unwrap();
    let engine = open(dir.path());
    let report = engine.report().torn_tail.clone().unwrap();
    assert_eq!((report.offset, report.bytes), (64, 50));
    let events = read_all(&engine);
    assert!((20..60).contains(&events.len()));
    append(&engine, "counter-0", 99).unwrap();
    assert_eq!(read_all(&engine).len(), events.len() + 1);
}

#[test]
fn segments_of_another_store_are_refused() {
    let other = Options { store_id: Some(uuid::Uuid::from_u128(99)), ..tiny() };
    let foreign = filled_as(other);
    let segments = count(foreign.path());
    for number in 0..segments {
        for has_manifest in [true, false] {
            // Without a manifest the first segment says whose store it is.
            if !has_manifest && number == 0 {
                continue;
            }
            let dir = filled();
            if !has_manifest {
                fs::remove_file(dir.path().join("MANIFEST.a")).unwrap();
                fs::remove_file(dir.path().join("MANIFEST.b")).unwrap();
            }
            fs::copy(segment(foreign.path(), number), segment(dir.path(), number)).unwrap();
            check(dir.path(), ErrorKind::Corrupted, &format!("log/{number:010}.seg"));
        }
    }
}

#[test]
fn swapped_segments_are_refused() {
    let dir = filled();
    let (left, right) = (segment(dir.path(), 2), segment(dir.path(), 3));
    let bytes = fs::read(&left).unwrap();
    fs::copy(&right, &left).unwrap();
    fs::write(&right, bytes).unwrap();
    check(dir.path(), ErrorKind::Corrupted, "log/0000000002.seg");
}

#[test]
fn strange_files_beside_the_segments_are_left_alone() {
    let dir = filled();
    for name in ["0000000001.seg.bak", "1.seg", "notes", "0000000001.tmp"] {
        fs::write(dir.path().join("log").join(name), "mine").unwrap();
    }
    let engine = open(dir.path());
    assert_eq!(read_all(&engine).len(), 60);
    assert_eq!(fs::read(dir.path().join("log/notes")).unwrap(), b"mine");
}

#[test]
fn a_flipped_bit_in_a_sealed_segment_is_named_when_it_is_met() {
    let whole = filled();
    let len = fs::metadata(segment(whole.path(), 2)).unwrap().len() as usize;
    for at in (0..len).step_by(13) {
        let dir = filled();
        let path = segment(dir.path(), 2);
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 0x20;
        fs::write(&path, bytes).unwrap();
        let error = first_error(dir.path()).unwrap();
        let told = (error.kind(), error.context()[0].1.as_str());
        let is_version = (8..12).contains(&at);
        let kind = if is_version { ErrorKind::Unsupported } else { ErrorKind::Corrupted };
        assert_eq!(told, (kind, "log/0000000002.seg"), "byte {at}: {error:?}");
    }
}

#[test]
fn a_newer_format_is_named_as_such_and_nothing_is_changed() {
    let last = count(filled().path()) - 1;
    for (file, is_sealed) in [
        ("MANIFEST.a".to_owned(), false),
        ("MANIFEST.b".to_owned(), false),
        (format!("log/{last:010}.seg"), false),
        ("log/0000000001.seg".to_owned(), true),
    ] {
        let dir = filled();
        let path = dir.path().join(&file);
        let mut bytes = fs::read(&path).unwrap();
        // The checksum is not looked at: a newer version may have another.
        bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
        fs::write(&path, &bytes).unwrap();
        if is_sealed {
            check(dir.path(), ErrorKind::Unsupported, &file);
            fs::remove_dir_all(dir.path().join("index")).unwrap();
        }
        let error = Engine::open(dir.path(), tiny()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{file}: {error:?}");
        assert!(error.to_string().contains("newer version of Annals"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{file}");
    }
}

#[test]
fn a_commit_larger_than_a_segment_gets_one_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    for number in 0..6 {
        let data = vec![b'0' + number as u8; if number % 2 == 0 { 10_000 } else { 10 }];
        let event = NewEvent { data: data.into(), ..event(number) };
        engine.append(Append::to(stream("a-1"), ExpectedVersion::Any, [event])).unwrap();
    }
    let many = (100..300).map(event);
    engine.append(Append::to(stream("a-1"), ExpectedVersion::Any, many)).unwrap();
    let events = read_all(&engine);
    drop(engine);
    let engine = open(dir.path());
    assert_eq!(engine.report().torn_tail, None);
    assert_eq!(read_all(&engine), events);
    assert_eq!(events.len(), 206);
    assert!(events.iter().take(6).map(|event| event.data.len()).eq([10_000, 10].repeat(3)));
}

#[test]
fn segments_with_state_alone_are_sealed_and_read_like_others() {
    let dir = tempfile::tempdir().unwrap();
    let key = StateKey { kind: StateKind::Snapshot, name: Name::new("s").unwrap() };
    let put = |engine: &Engine, number: u64| {
        let value = Some(format!("{number:0300}").into());
        let put = StatePut { key: key.clone(), expected: StateExpected::Any, value };
        engine.put_state(put).unwrap()
    };
    for round in 0..3_u64 {
        let engine = open(dir.path());
        assert_eq!(read_all(&engine).len() as u64, round);
        for number in 0..30 {
            put(&engine, round * 100 + number);
        }
        let last = engine.state(&key).unwrap().unwrap();
        append(&engine, "a-1", round).unwrap();
        engine.close().unwrap();
        fs::remove_dir_all(dir.path().join("index")).unwrap();
        assert_eq!(open(dir.path()).state(&key).unwrap().unwrap(), last);
    }
    assert!(count(dir.path()) > 12);
}

#[test]
fn segments_too_small_for_anything_still_work() {
    for bytes in [0, 1, 64, 65] {
        let dir = tempfile::tempdir().unwrap();
        let options = || Options { segment_bytes_first: bytes, segment_bytes_max: bytes, ..tiny() };
        for round in 0..3 {
            let engine = Engine::open(dir.path(), options()).unwrap();
            append(&engine, "a-1", round).unwrap();
            engine.close().unwrap();
        }
        let engine = Engine::open(dir.path(), options()).unwrap();
        assert_eq!(read_all(&engine).len(), 3, "{bytes} bytes");
    }
}
