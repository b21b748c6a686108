//! Copying the files of a store, also while it is in use.
//!
//! The order makes the copy the log as it was at some moment: the manifests, the newest segment
//! from its end to its beginning, the others from the newest to the oldest. What was written later
//! is then missing at the end, and nowhere else. What is derived is left out; opening the copy
//! makes it again.

use std::{io, path::Path};

use annals_core::{Error, Result};

use crate::{
    error::io_failed,
    log::names::{self, LOG_DIR, MANIFESTS, NODE},
    storage::{FileStorage, Storage, StorageFile},
};

/// What is copied in one piece, in bytes.
const PIECE: usize = 1024 * 1024;

/// Copies the store in a folder into another folder, durably. The store may be in use.
///
/// # Errors
/// `InvalidArgument` when there is no store, or the target has files of one; `Unavailable`,
/// `PermissionDenied`.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    copy_between(&FileStorage::new(from), &FileStorage::new(to))
}

fn copy_between(from: &dyn Storage, to: &dyn Storage) -> Result<()> {
    let failed = |what: &'static str| move |error| io_failed(what, LOG_DIR, error);
    to.create_dir("").map_err(failed("make the folder of the copy"))?;
    to.create_dir(LOG_DIR).map_err(failed("make the folder of the copy"))?;
    for name in MANIFESTS.into_iter().chain([NODE]) {
        match copy_file(from, to, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => copied.map_err(|error| io_failed("copy", name, error))?,
        }
    }
    let listed = from.list(LOG_DIR).map_err(failed("look into"))?;
    let mut segments: Vec<u32> =
        listed.iter().filter_map(|name| names::segment_number(name)).collect();
    if segments.is_empty() {
        return Err(Error::invalid("there is no store in the folder that is to be copied"));
    }
    segments.sort_unstable_by(|a, b| b.cmp(a));
    for number in segments {
        let name = names::segment(number);
        copy_file(from, to, &name).map_err(|error| io_failed("copy", &name, error))?;
    }
    to.sync_dir(LOG_DIR).map_err(failed("sync"))?;
    to.sync_dir("").map_err(failed("sync"))
}

/// Copies a file from its end to its beginning.
fn copy_file(from: &dyn Storage, to: &dyn Storage, name: &str) -> io::Result<()> {
    let source = from.open(name)?;
    let len = source.size()?;
    let target = to.create(name, len)?;
    let mut end = len;
    let mut piece = vec![0; PIECE];
    while end > 0 {
        let start = (end - 1) / PIECE as u64 * PIECE as u64;
        let bytes = usize::try_from(end - start).unwrap_or(PIECE);
        let Some(buffer) = piece.get_mut(..bytes) else { break };
        read_piece(source.as_ref(), start, buffer)?;
        target.write_at(start, buffer)?;
        end = start;
    }
    target.sync()
}

/// Reads a piece of a segment. One that is sealed meanwhile loses the zeros at its end.
fn read_piece(source: &dyn StorageFile, start: u64, buffer: &mut [u8]) -> io::Result<()> {
    match source.read_at(start, buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            buffer.fill(0);
            let left = source.size()?.saturating_sub(start);
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            match buffer.get_mut(..std::cmp::min(left, PIECE)) {
                Some([]) => Ok(()),
                Some(there) => source.read_at(start, there),
                None => source.read_at(start, buffer),
            }
        }
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::MemoryStorage;

    fn with(files: &[(&str, Vec<u8>)]) -> MemoryStorage {
        let storage = MemoryStorage::new();
        storage.create_dir(LOG_DIR).unwrap();
        for (name, bytes) in files {
            let file = storage.create(name, bytes.len() as u64).unwrap();
            file.write_at(0, bytes).unwrap();
        }
        storage
    }

    fn content(storage: &dyn Storage, name: &str) -> Vec<u8> {
        let file = storage.open(name).unwrap();
        let mut bytes = vec![0; file.size().unwrap() as usize];
        file.read_at(0, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn files_of_any_length_are_the_same_and_what_is_derived_stays_behind() {
        let long: Vec<u8> = (0..PIECE * 2 + 7).map(|number| (number % 251) as u8).collect();
        let segment = names::segment(0);
        let table = names::position_table(0);
        let newest = names::segment(1);
        let files = [
            (MANIFESTS[0], vec![1]),
            (NODE, vec![2, 3]),
            (segment.as_str(), long.clone()),
            (newest.as_str(), long[..PIECE].to_vec()),
            (table.as_str(), vec![4]),
        ];
        let (from, to) = (with(&files), MemoryStorage::new());
        copy_between(&from, &to).unwrap();
        for (name, bytes) in &files[..4] {
            assert_eq!(&content(&to, name), bytes, "{name}");
        }
        assert!(to.open(&table).is_err());
    }

    #[test]
    fn a_folder_without_a_store_is_refused() {
        let error = copy_between(&with(&[]), &MemoryStorage::new()).unwrap_err();
        assert_eq!(error.kind(), annals_core::ErrorKind::InvalidArgument);
    }

    #[test]
    fn a_segment_that_was_cut_meanwhile_has_zeros_in_place_of_its_end() {
        let storage = with(&[("log/x", vec![7; 10])]);
        let file = storage.open("log/x").unwrap();
        let mut buffer = [9; 16];
        read_piece(file.as_ref(), 4, &mut buffer).unwrap();
        assert_eq!((&buffer[..6], &buffer[6..]), (&[7; 6][..], &[0; 10][..]));
        read_piece(file.as_ref(), 20, &mut buffer).unwrap();
        assert_eq!(buffer, [0; 16]);
    }
}
