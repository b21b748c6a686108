//! The log itself: segment after segment, frame after frame.

use std::sync::Arc;

use annals_core::Result;
use bytes::Bytes;

use super::{Severity, VerifyReport, derived::Derived};
use crate::{
    error::io_failed,
    format::{
        manifest::{Manifest, SealedSegment},
        record::Record,
        segment_header::SegmentHeader,
    },
    index::{
        head::HeadEntry,
        memory::MemoryIndex,
        term::{TermMap, Terms},
    },
    log::{
        names,
        scan::{self, Frames, Tail},
    },
    recover::{
        replay::{Replay, replay},
        segments,
    },
    report::TornTail,
    storage::Storage,
};

/// The check of the log, so far.
pub(super) struct LogCheck<'a> {
    storage: Arc<dyn Storage>,
    manifest: &'a Manifest,
    terms: Terms,
    /// Every stream's head, to check the numbering.
    heads: TermMap<HeadEntry>,
    end_position: u64,
    last_revision: u64,
    /// Whether something before was damaged, so that numbering on proves nothing.
    is_broken: bool,
}

impl<'a> LogCheck<'a> {
    pub(super) fn new(storage: Arc<dyn Storage>, manifest: &'a Manifest, terms: Terms) -> Self {
        Self {
            storage,
            manifest,
            terms,
            heads: TermMap::default(),
            end_position: 0,
            last_revision: 0,
            is_broken: false,
        }
    }

    pub(super) const fn end_position(&self) -> u64 {
        self.end_position
    }

    /// How many bytes there are to read.
    pub(super) fn bytes(&self, numbers: &[u32]) -> Result<u64> {
        let mut total = 0;
        for number in numbers {
            let name = names::segment(*number);
            let size = self.storage.open(&name).and_then(|file| file.size());
            total += size.map_err(|error| io_failed("open a segment", &name, error))?;
        }
        Ok(total)
    }

    /// Checks one segment and hands its index on to be compared.
    pub(super) fn segment(
        &mut self,
        number: u32,
        is_last: bool,
        derived: &mut Derived,
        report: &mut VerifyReport,
    ) -> Result<()> {
        let name = names::segment(number);
        let bytes = self.read(&name)?;
        report.bytes += bytes.len() as u64;
        let header = match segments::header(self.storage.as_ref(), number) {
            Ok(header) => header,
            Err(error) => {
                self.is_broken = true;
                return report.note(&error, Severity::Log);
            }
        };
        let sealed = self.manifest.sealed.iter().find(|entry| entry.number == number).copied();
        self.check_header(&name, &header, report);
        if self.is_broken {
            self.check_frames_alone(&name, &bytes, report);
            return Ok(());
        }
        let mut index = MemoryIndex::default();
        let heads = &self.heads;
        let base_head = |base| Ok(heads.get(&base).cloned().unwrap_or_default());
        let mut unused = Vec::new();
        let terms = self.terms;
        let replayed = replay(&name, &bytes, &header, terms, &mut index, &base_head, &mut unused);
        let replayed = match replayed {
            Ok(replayed) => replayed,
            Err(error) => {
                self.is_broken = true;
                return report.note(&error, Severity::Log);
            }
        };
        self.end_position = replayed.end_position;
        self.last_revision = replayed.last_revision;
        report.commits += replayed.frames;
        report.events += replayed.end_position - header.first_position;
        report.streams += replayed.begun;
        self.check_end(&name, &bytes, &replayed, sealed, is_last, report);
        if let Some(entry) = sealed {
            check_sealed(&name, &bytes, &replayed, &entry, report);
            derived.position_table(&self.storage, &entry, &index, report);
        }
        for (term, head) in index.heads() {
            self.heads.insert(*term, head.clone());
        }
        derived.segment(number, &header, &replayed, &index, report)
    }

    fn read(&self, name: &str) -> Result<Bytes> {
        let read = || {
            let file = self.storage.open(name)?;
            let mut bytes = vec![0; usize::try_from(file.size()?).unwrap_or(usize::MAX)];
            match file.read_at(0, &mut bytes) {
                // It was cut to its length since its size was asked for.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    bytes.resize(usize::try_from(file.size()?).unwrap_or(usize::MAX), 0);
                    file.read_at(0, &mut bytes)?;
                }
                done => done?,
            }
            std::io::Result::Ok(Bytes::from(bytes))
        };
        read().map_err(|error| io_failed("read a segment", name, error))
    }

    fn check_header(&mut self, name: &str, header: &SegmentHeader, report: &mut VerifyReport) {
        let follows = header.first_position == self.end_position
            && header.last_revision == self.last_revision;
        if !follows && !self.is_broken {
            let what = "it does not begin where the segment before it ends";
            report.problem(name, Some(0), what, Severity::Log);
            self.is_broken = true;
        }
        let is_ours = self.manifest.store_id.is_nil() || header.store_id == self.manifest.store_id;
        if !is_ours {
            report.problem(name, Some(0), "it belongs to another store", Severity::Log);
        }
    }

    /// What stands where the frames end.
    fn check_end(
        &mut self,
        name: &str,
        bytes: &Bytes,
        replayed: &Replay,
        sealed: Option<SealedSegment>,
        is_last: bool,
        report: &mut VerifyReport,
    ) {
        let at = replayed.end;
        let Some(what) = replayed.stopped else { return };
        let tail = scan::tail(bytes, at);
        match tail {
            Tail::Unwritten if sealed.is_none() => {}
            // In use, the end may be half written at this moment.
            Tail::Torn { .. } if is_last && sealed.is_none() && report.in_use => {}
            Tail::Torn { end } if is_last && sealed.is_none() => {
                let (file, offset) = (name.to_owned(), at as u64);
                report.torn_tail = Some(TornTail { file, offset, bytes: (end - at) as u64 });
            }
            Tail::Unwritten | Tail::Torn { .. } | Tail::Damaged => {
                report.problem(name, Some(at as u64), &what.to_string(), Severity::Log);
                self.is_broken = true;
            }
        }
    }

    /// After damage: each frame still speaks for itself.
    fn check_frames_alone(&self, name: &str, bytes: &Bytes, report: &mut VerifyReport) {
        let mut frames = Frames::of_segment(bytes.clone());
        while let Some(Ok((offset, frame))) = frames.next() {
            report.commits += u64::from(!frame.records.is_empty());
            report.events += u64::from(frame.header.events);
            for (at, body) in &frame.records {
                if let Err(what) = Record::decode(body) {
                    let at = offset as u64 + u64::from(*at);
                    report.problem(name, Some(at), &what.to_string(), Severity::Log);
                }
            }
        }
        if frames.offset() < bytes.len() && scan::tail(bytes, frames.offset()) != Tail::Unwritten {
            let at = frames.offset() as u64;
            report.problem(name, Some(at), "no valid commit begins here", Severity::Log);
        }
    }
}

/// A sealed segment against the manifest.
fn check_sealed(
    name: &str,
    bytes: &Bytes,
    replayed: &Replay,
    entry: &SealedSegment,
    report: &mut VerifyReport,
) {
    let checks = [
        (bytes.len() as u64 == entry.bytes, "its length is not the one in the manifest"),
        (crc32c::crc32c(bytes) == entry.digest, "its checksum is not the one in the manifest"),
        (
            replayed.end_position == entry.end_position,
            "it ends with another position than the manifest says",
        ),
    ];
    for (_, what) in checks.iter().filter(|(holds, _)| !holds) {
        report.problem(name, None, what, Severity::Log);
    }
}
