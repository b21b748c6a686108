//! Which segments there are, and which of them the manifest is right about.

use annals_core::{Error, ErrorKind, Result};
use uuid::Uuid;

use crate::{
    error::{corrupted, io_failed},
    format::{
        manifest::Manifest,
        segment_header::{SEGMENT_HEADER_LEN, SegmentHeader},
    },
    log::names::{self, LOG_DIR},
    report::OpenReport,
    storage::Storage,
};

/// The numbers of the segments that are not sealed, in order, and the manifest cut to the
/// segments that are as it says. (A copy taken of a store in use may have a manifest that is
/// ahead of the segments.)
pub(super) fn find(
    storage: &dyn Storage,
    mut manifest: Manifest,
    report: &mut OpenReport,
) -> Result<(Vec<u32>, Manifest)> {
    let numbers = numbers(storage)?;
    for (expected, number) in (0..).zip(&numbers) {
        if expected != *number {
            return Err(missing(expected));
        }
    }
    let mut right = 0;
    for entry in &manifest.sealed {
        let name = names::segment(entry.number);
        if !numbers.contains(&entry.number) {
            return Err(missing(entry.number));
        }
        let size = storage.open(&name).and_then(|file| file.size());
        if size.map_err(|error| io_failed("open a segment", &name, error))? != entry.bytes {
            break;
        }
        right += 1;
    }
    if right < manifest.sealed.len() {
        report.manifest_rebuilt = Some("it does not agree with the segments".to_owned());
        manifest.sealed.truncate(right);
    }
    let unsealed: Vec<u32> = numbers.into_iter().skip(right).collect();
    if unsealed.is_empty() {
        // The segment that was open always exists: the next is begun before one is sealed.
        return Err(missing(right as u32));
    }
    Ok((unsealed, manifest))
}

pub(crate) fn numbers(storage: &dyn Storage) -> Result<Vec<u32>> {
    let files = storage.list(LOG_DIR).map_err(|e| io_failed("list the log", LOG_DIR, e))?;
    let mut numbers: Vec<u32> =
        files.iter().filter_map(|name| names::segment_number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

pub(super) fn missing(number: u32) -> Error {
    let name = names::segment(number);
    Error::new(ErrorKind::Corrupted, format!("`{name}` is missing; restore it from a backup"))
        .with("file", name)
}

/// Whose store it is, by its first segment.
pub(super) fn store_id(storage: &dyn Storage) -> Result<Uuid> {
    let first = numbers(storage)?.first().copied();
    let number = first.ok_or_else(|| missing(0))?;
    header(storage, number).map(|header| header.store_id)
}

/// The header of a segment.
pub(crate) fn header(storage: &dyn Storage, number: u32) -> Result<SegmentHeader> {
    let name = names::segment(number);
    let mut bytes = [0; SEGMENT_HEADER_LEN];
    storage
        .open(&name)
        .and_then(|file| file.read_at(0, &mut bytes))
        .map_err(|error| io_failed("read a segment", &name, error))?;
    let header = SegmentHeader::decode(&bytes).map_err(|what| corrupted(&name, 0, what))?;
    if header.number != number {
        let what = crate::format::Damaged("it says that it is another segment");
        return Err(corrupted(&name, 0, what));
    }
    Ok(header)
}
