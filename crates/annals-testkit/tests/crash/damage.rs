//! Damage to a store at rest: `verify` notices it or it does no harm, and no damage at all makes a
//! store give a wrong answer. Damage to what is derived is repaired by opening.
//!
//! Every bit is tried with `ANNALS_DAMAGE=all`; without, one bit of every few bytes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use annals_core::ErrorKind;
use annals_engine::verify;
use tempfile::TempDir;

use crate::{
    expected::{Expected, naming},
    picture::Picture,
    room::{copy_folder, open_folder, run},
};

/// A finished store in a folder, closed.
fn finished(expected: &Expected) -> TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, clock) = open_folder(folder.path()).expect("an empty folder");
    run(&store, &clock, &expected.steps, 0);
    expected.check_finished(&store);
    drop(store);
    folder
}

fn copy(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().expect("there is room");
    copy_folder(folder, copy.path()).expect("a folder can be copied");
    copy
}

/// The files of a store, by their path within it. The lock and the segment in reserve hold
/// nothing.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in ["", "log", "index", "index/tables"] {
        for entry in fs::read_dir(folder.join(dir)).expect("the folder is there") {
            let entry = entry.expect("the folder can be listed");
            let name = entry.file_name().into_string().expect("names are ASCII");
            if entry.path().is_file() && name != "LOCK" && name != "spare" {
                found.push(Path::new(dir).join(name));
            }
        }
    }
    found.sort();
    found
}

/// The bits of a file to be flipped, as places and masks.
fn bits(len: usize) -> Vec<(usize, u8)> {
    let all = std::env::var("ANNALS_DAMAGE").is_ok_and(|value| value == "all");
    if all {
        return (0..len).flat_map(|at| (0..8).map(move |bit| (at, 1 << bit))).collect();
    }
    (0..len).step_by(5).map(|at| (at, 1 << (at % 8))).collect()
}

/// What a damaged store tells about itself, or that it is broken, and where.
fn picture(folder: &Path) -> Result<Picture, ErrorKind> {
    let (store, _) = open_folder(folder).map_err(|error| {
        assert!(!error.context().is_empty(), "the error names the file: {error}");
        error.kind()
    })?;
    Picture::of(&store).map_err(|error| error.kind())
}

/// A damaged store opens and is right, or says what is broken.
fn check(folder: &Path, expected: &Expected) -> Result<(), ErrorKind> {
    expected.check_picture(&picture(folder)?);
    Ok(())
}

/// The end of the log is gone. Whole commits may be gone with it, and nothing tells.
fn check_shorter(folder: &Path, expected: &Expected) {
    if let Ok(found) = picture(folder) {
        expected.check_beginning(&found);
    }
}

/// The same, and what is derived must be repaired, at the latest by opening again; unless it
/// seems to be of a newer version, which is left alone.
fn check_derived(folder: &Path, expected: &Expected) {
    if check(folder, expected).is_err_and(|kind| kind != ErrorKind::Unsupported) {
        assert_eq!(check(folder, expected), Ok(()), "opening again repairs it");
    }
}

/// Damaged, or of a newer version by the looks of it.
const fn is_damage(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Corrupted | ErrorKind::Unsupported)
}

/// What a file is to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Derived,
    SealedLog,
    OpenLog,
}

fn part(file: &Path, all: &[PathBuf]) -> Part {
    let is_log = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == "seg");
    match all.iter().rfind(is_log) {
        Some(last) if last == file => Part::OpenLog,
        _ if is_log(&&file.to_owned()) => Part::SealedLog,
        _ => Part::Derived,
    }
}

#[test]
fn each_flipped_bit_is_noticed_or_does_no_harm() {
    let expected = Expected::of(1);
    let folder = finished(&expected);
    let sound = verify(folder.path(), &mut |_, _| {}).expect("a store");
    assert!(sound.is_sound(), "{:?}", sound.problems);
    for file in files(folder.path()) {
        let path = folder.path().join(&file);
        let good = fs::read(&path).expect("a file can be read");
        for (at, mask) in bits(good.len()) {
            let mut damaged = good.clone();
            damaged[at] ^= mask;
            fs::write(&path, &damaged).expect("a file can be written");
            naming(
                || format!("bit {mask} of byte {at} of {}", file.display()),
                || {
                    let report = verify(folder.path(), &mut |_, _| {});
                    if report.is_ok_and(|report| report.is_sound()) {
                        assert_eq!(check(copy(folder.path()).path(), &expected), Ok(()));
                    }
                },
            );
        }
        fs::write(&path, &good).expect("a file can be written");
    }
}

/// Changes each file of a store in many ways, one at a time, and checks what comes of it.
fn check_each(
    change: impl Fn(&[u8]) -> Vec<(String, Option<Vec<u8>>)>,
    check_open: impl Fn(&Path, &Expected),
) {
    let expected = Expected::of(1);
    let folder = finished(&expected);
    let all = files(folder.path());
    for file in &all {
        let good = fs::read(folder.path().join(file)).expect("a file can be read");
        for (what, changed) in change(&good) {
            let name = || format!("{what} of {}", file.display());
            let damaged = copy(folder.path());
            let path = damaged.path().join(file);
            match &changed {
                Some(bytes) => fs::write(path, bytes).expect("a file can be written"),
                None => fs::remove_file(path).expect("a file can be removed"),
            }
            naming(name, || match part(file, &all) {
                Part::Derived => check_derived(damaged.path(), &expected),
                Part::OpenLog => check_open(damaged.path(), &expected),
                Part::SealedLog => {
                    let outcome = check(damaged.path(), &expected);
                    assert!(outcome.is_err_and(is_damage), "only the log has this: {outcome:?}");
                }
            });
        }
    }
}

#[test]
fn a_store_with_a_flipped_bit_never_gives_a_wrong_answer() {
    let flip = |good: &[u8]| {
        let flips = bits(good.len()).into_iter().step_by(3);
        let flipped = flips.map(|(at, mask)| {
            let mut bytes = good.to_vec();
            bytes[at] ^= mask;
            (format!("bit {mask} of byte {at}"), Some(bytes))
        });
        flipped.collect()
    };
    check_each(flip, |folder, expected| {
        // Right or broken, and never shorter without a word.
        let outcome = check(folder, expected);
        assert!(outcome.is_ok() || outcome.is_err_and(is_damage), "{outcome:?}");
    });
}

#[test]
fn a_store_with_a_missing_or_cut_file_never_gives_a_wrong_answer() {
    let cut = |good: &[u8]| {
        let mut changes = vec![("all".to_owned(), None), ("content".to_owned(), Some(Vec::new()))];
        for eighth in 1..8 {
            let len = good.len() * eighth / 8;
            changes.push((format!("what comes after {len}"), Some(good[..len].to_vec())));
            let mut zeros = good.to_vec();
            zeros[len..].fill(0);
            changes.push((format!("zeros from {len}"), Some(zeros)));
        }
        changes
    };
    check_each(cut, check_shorter);
}
