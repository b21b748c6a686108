//! Checking a store from end to end without changing it, also while another process uses it.
//!
//! The log is read whole: every checksum, every position and version, every time. Then everything
//! derived is compared with it: position tables, the digests in the manifest, and each entry of the
//! index, both ways.

mod derived;
mod live;
mod log_check;

use std::{io, path::Path, sync::Arc};

use annals_core::{Error, ErrorKind, Position, Result};

use crate::{
    error::io_failed,
    format::{manifest::Manifest, segment_header::NEWER},
    index::term::Terms,
    log::{
        manifest_files::{self, Stored},
        names::{LOCK, MANIFESTS, segment},
    },
    recover,
    report::TornTail,
    storage::{FileStorage, Storage},
};
use derived::Derived;
use log_check::LogCheck;

/// What checking a store found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Files of the log.
    pub segments: u64,
    /// Commits read.
    pub commits: u64,
    /// Events read.
    pub events: u64,
    /// Streams begun.
    pub streams: u64,
    /// Bytes of the log read.
    pub bytes: u64,
    /// The position of the newest event.
    pub head: Option<Position>,
    /// Entries of the index compared with the log.
    pub index_entries: u64,
    /// Whether another process has the store open.
    pub in_use: bool,
    /// The end of the log was torn by a crash; opening the store cuts it. Nothing of it had been
    /// acknowledged.
    pub torn_tail: Option<TornTail>,
    /// Everything that is not as it should be.
    pub problems: Vec<Problem>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the store's folder.
    pub file: String,
    /// Where in the file.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// Whether events are affected, or only what can be made again from them.
    pub severity: Severity,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Events are damaged or lost; only a backup brings them back.
    Log,
    /// Something derived is wrong; opening the store makes it again, or leaving it out does.
    Derived,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, file: &str, offset: Option<u64>, what: &str, severity: Severity) {
        let (file, what) = (file.to_owned(), what.to_owned());
        self.problems.push(Problem { file, offset, what, severity });
    }

    /// Notes an error as a problem, if it is about stored bytes.
    fn note(&mut self, error: &Error, severity: Severity) -> Result<()> {
        if !matches!(error.kind(), ErrorKind::Corrupted | ErrorKind::Internal) {
            return Err(error.clone());
        }
        let fact = |wanted: &str| {
            error.context().iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
        };
        let file = fact("file").cloned().unwrap_or_default();
        let offset = fact("offset").and_then(|offset| offset.parse().ok());
        self.problem(&file, offset, &error.to_string(), severity);
        Ok(())
    }
}

/// Checks the store in a folder. `progress` is told the bytes read and the bytes to read.
///
/// A store in use is checked as far as it was committed when the check came by.
///
/// # Errors
/// `InvalidArgument` when there is no store, `Unsupported` when a newer version of Annals wrote
/// it, `PermissionDenied`, `Unavailable`. Damage is no error but part of the report.
pub fn verify(dir: impl AsRef<Path>, progress: &mut dyn FnMut(u64, u64)) -> Result<VerifyReport> {
    let dir = dir.as_ref();
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(dir));
    let mut report = VerifyReport::default();
    let numbers = recover::segments::numbers(storage.as_ref())?;
    let stored = manifest_files::read(storage.as_ref())
        .map_err(|error| io_failed("read the manifest", MANIFESTS[0], error))?;
    if numbers.is_empty() && matches!(stored, Stored::Nothing) {
        return Err(Error::invalid("there is no store here"));
    }
    // Keeps a closed store closed while it is checked.
    let _lock = match storage.lock(LOCK, &format!("process {}, verifying", std::process::id())) {
        Ok(lock) => Some(lock),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            report.in_use = true;
            None
        }
        // A store that may only be read is not changed by anyone either.
        Err(_) => None,
    };
    let manifest = manifest(stored, &mut report)?;
    check_manifest_files(storage.as_ref(), &mut report);
    let terms = Terms::new(manifest.hash_seed);
    let index = live::open_index(dir, report.in_use);
    let mut derived = Derived::new(index, &manifest, &mut report);
    let mut log = LogCheck::new(Arc::clone(&storage), &manifest, terms);
    let total = log.bytes(&numbers)?;
    for (place, number) in numbers.iter().enumerate() {
        if place as u64 != u64::from(*number) {
            let what = "segments are missing in front of it";
            report.problem(&segment(*number), None, what, Severity::Log);
        }
        let is_last = place + 1 == numbers.len();
        log.segment(*number, is_last, &mut derived, &mut report)?;
        progress(report.bytes, total);
    }
    derived.finish(&mut report)?;
    report.segments = numbers.len() as u64;
    report.head = log.end_position().checked_sub(1).map(Position::new);
    Ok(report)
}

fn manifest(stored: Stored, report: &mut VerifyReport) -> Result<Manifest> {
    let what = match stored {
        Stored::Manifest { manifest, .. } => return Ok(manifest),
        Stored::Damaged(what) if what == NEWER => {
            return Err(crate::error::corrupted(MANIFESTS[0], 0, what));
        }
        Stored::Damaged(what) => what.to_string(),
        Stored::Nothing => "it is missing".to_owned(),
    };
    report.problem(MANIFESTS[0], None, &what, Severity::Derived);
    Ok(Manifest { generation: 0, store_id: uuid::Uuid::nil(), hash_seed: 0, sealed: Vec::new() })
}

/// One damaged manifest beside a good one does no harm, but it is damage.
fn check_manifest_files(storage: &dyn Storage, report: &mut VerifyReport) {
    for name in MANIFESTS {
        let Ok(file) = storage.open(name) else { continue };
        let read = || {
            let mut bytes = vec![0; usize::try_from(file.size()?).unwrap_or(0)];
            file.read_at(0, &mut bytes)?;
            io::Result::Ok(bytes)
        };
        let Ok(bytes) = read() else { continue };
        // The older one may be being written while the store is in use.
        if let Err(what) = Manifest::decode(&bytes)
            && !report.in_use
            && !report.problems.iter().any(|problem| problem.file == name)
        {
            report.problem(name, None, &what.to_string(), Severity::Derived);
        }
    }
}
