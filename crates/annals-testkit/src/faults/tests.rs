//! The failing disk keeps what was synced, loses what was not in every way, and fails as planned.

use std::{collections::BTreeSet, io::ErrorKind, sync::Arc};

use annals_engine::storage::{Storage, StorageFile};

use super::{Fault, FaultStorage};

/// A durable file of 2,048 bytes of 1.
fn with_file() -> (FaultStorage, Arc<dyn StorageFile>) {
    let storage = FaultStorage::new();
    let file = storage.create("log/a", 2_048).expect("there is space");
    file.write_at(0, &[1; 2_048]).expect("it can be written");
    file.sync().expect("it can be synced");
    storage.sync_dir("log").expect("the folder can be synced");
    (storage, file)
}

/// The file after a power loss with each of many seeds.
fn survivals(storage: &FaultStorage) -> Vec<Option<Vec<u8>>> {
    (0..200).map(|seed| storage.restart(seed).contents().remove("log/a")).collect()
}

fn down(error: &std::io::Error) -> bool {
    error.to_string() == "the machine is down"
}

#[test]
fn the_program_sees_what_it_wrote() {
    let (storage, file) = with_file();
    file.write_at(10, b"abc").unwrap();
    let mut buffer = [0; 5];
    file.read_at(9, &mut buffer).unwrap();
    assert_eq!(&buffer, b"\x01abc\x01");
    assert_eq!(file.size().unwrap(), 2_048);
    assert_eq!(storage.list("log").unwrap(), ["a"]);
    assert_eq!(storage.list("").unwrap(), Vec::<String>::new());
    assert_eq!(file.map(12).unwrap().len(), 12);
    let beyond = file.read_at(2_047, &mut buffer).unwrap_err();
    assert_eq!(beyond.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn what_was_synced_survives_every_power_loss() {
    let (storage, _) = with_file();
    assert!(survivals(&storage).into_iter().all(|file| file == Some(vec![1; 2_048])));
}

#[test]
fn sectors_survive_apart_from_each_other_and_some_are_torn() {
    let (storage, file) = with_file();
    file.write_at(0, &[2; 2_048]).unwrap();
    let survived: Vec<Vec<u8>> = survivals(&storage).into_iter().flatten().collect();
    assert!(survived.iter().all(|file| file.iter().all(|byte| [1, 2].contains(byte))));
    let patterns: BTreeSet<Vec<u8>> =
        survived.iter().map(|file| file.chunks(512).map(|sector| sector[0]).collect()).collect();
    assert_eq!(patterns.len(), 16, "each of four sectors is old or new, on its own");
    let is_torn = |sector: &[u8]| sector.contains(&1) && sector.contains(&2);
    assert!(survived.iter().any(|file| file.chunks(512).any(is_torn)));
}

#[test]
fn a_sector_written_twice_is_never_newer_and_older_at_once() {
    let (storage, file) = with_file();
    file.write_at(0, &[2; 512]).unwrap();
    file.write_at(0, &[3; 512]).unwrap();
    for file in survivals(&storage).into_iter().flatten() {
        let values: BTreeSet<u8> = file[..512].iter().copied().collect();
        assert!(values.len() <= 2 && values != BTreeSet::from([1, 3]), "{values:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_disk() {
    let (storage, file) = with_file();
    file.write_at(100, &[2; 1_500]).unwrap();
    for seed in 0..20 {
        assert_eq!(storage.restart(seed).contents(), storage.restart(seed).contents());
    }
}

#[test]
fn a_file_without_a_synced_name_may_be_gone() {
    let storage = FaultStorage::new();
    let file = storage.create("log/a", 0).unwrap();
    file.write_at(0, b"abc").unwrap();
    file.sync().unwrap();
    let survived: BTreeSet<_> = survivals(&storage).into_iter().collect();
    assert_eq!(survived, BTreeSet::from([None, Some(b"abc".to_vec())]));
}

#[test]
fn a_file_without_a_sync_may_have_any_length_it_had() {
    let storage = FaultStorage::new();
    let file = storage.create("log/a", 700).unwrap();
    storage.sync_dir("log").unwrap();
    file.set_len(300).unwrap();
    let lengths: BTreeSet<_> =
        survivals(&storage).into_iter().flatten().map(|file| file.len()).collect();
    assert_eq!(lengths, BTreeSet::from([0, 300, 700]));
}

#[test]
fn renames_and_removals_survive_or_not() {
    let (storage, _) = with_file();
    storage.create("log/b", 0).unwrap();
    storage.sync_dir("log").unwrap();
    storage.rename("log/a", "log/b").unwrap();
    let names = |seed| storage.restart(seed).list("log").unwrap();
    let survived: BTreeSet<_> = (0..50).map(names).collect();
    let expected = [vec!["a".to_owned(), "b".to_owned()], vec!["b".to_owned()]];
    assert_eq!(survived, BTreeSet::from(expected));
    storage.sync_dir("log").unwrap();
    storage.remove("log/b").unwrap();
    let survived: BTreeSet<_> = (0..50).map(names).collect();
    assert_eq!(survived, BTreeSet::from([vec![], vec!["b".to_owned()]]));
}

#[test]
fn after_a_crash_nothing_works_until_the_restart() {
    let (storage, file) = with_file();
    storage.plan(Fault::CrashAt(storage.operations() + 1));
    file.write_at(0, &[2; 10]).unwrap();
    let crash = file.write_at(600, &[3; 10]).unwrap_err();
    assert!(down(&crash) && storage.is_down());
    assert!(down(&file.sync().unwrap_err()));
    assert!(down(&file.read_at(0, &mut [0]).unwrap_err()));
    assert!(down(&file.size().unwrap_err()));
    assert!(down(&storage.open("log/a").unwrap_err()));
    assert!(down(&storage.list("log").unwrap_err()));
    let begun = survivals(&storage).into_iter().flatten().any(|file| file[600] == 3);
    assert!(begun, "the write in which it crashed may have reached the disk");
    let restarted = storage.restart(1);
    assert!(restarted.open("log/a").is_ok());
}

#[test]
fn a_failed_sync_is_not_made_up_for() {
    let (storage, file) = with_file();
    file.write_at(0, &[2; 512]).unwrap();
    storage.plan(Fault::FailSyncAt(storage.operations()));
    assert!(file.sync().is_err());
    file.sync().unwrap();
    let survived: BTreeSet<u8> = survivals(&storage).into_iter().flatten().map(|f| f[0]).collect();
    assert_eq!(survived, BTreeSet::from([1, 2]));
    let mut seen = [0];
    file.read_at(0, &mut seen).unwrap();
    assert_eq!(seen, [2], "the program sees what it wrote");
}

#[test]
fn a_full_disk_takes_no_new_bytes_but_keeps_the_old_places() {
    let (storage, file) = with_file();
    storage.plan(Fault::FullFrom(storage.operations()));
    file.write_at(0, &[2; 100]).unwrap();
    file.sync().unwrap();
    let full = |error: std::io::Error| error.kind() == ErrorKind::StorageFull;
    assert!(full(file.write_at(2_000, &[2; 100]).unwrap_err()));
    assert!(full(storage.create("log/b", 1).unwrap_err()));
    assert_eq!(storage.list("log").unwrap(), ["a"]);
    storage.heal();
    file.write_at(2_000, &[2; 100]).unwrap();
}

#[test]
fn reads_fail_as_planned() {
    let (storage, file) = with_file();
    storage.plan(Fault::FailReadAt(storage.reads() + 1));
    file.read_at(0, &mut [0]).unwrap();
    assert!(file.read_at(0, &mut [0]).is_err());
    file.read_at(0, &mut [0]).unwrap();
    storage.plan(Fault::ShortReadAt(storage.reads()));
    let short = file.read_at(0, &mut [0]).unwrap_err();
    assert_eq!(short.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn the_lock_is_held_until_it_is_dropped() {
    let storage = FaultStorage::new();
    let held = storage.lock("LOCK", "process 7").unwrap();
    let refused = storage.lock("LOCK", "process 8").err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    assert_eq!(refused.to_string(), "process 7");
    drop(held);
    assert!(storage.lock("LOCK", "process 8").is_ok());
}
