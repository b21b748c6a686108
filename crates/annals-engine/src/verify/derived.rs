//! Everything derived, compared with the log.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use annals_core::{Error, Result, StateKey};

use super::{Severity, VerifyReport, live::OpenIndex};
use crate::{
    format::{
        manifest::{Manifest, SealedSegment},
        position_table::PositionTable,
        segment_header::SegmentHeader,
    },
    index::{
        codec::{Mark, StatePlace, head_key, state_key},
        head::HeadEntry,
        lists::List,
        memory::MemoryIndex,
        term::{Term, TermMap},
        view::View,
    },
    log::{
        names::{self, INDEX_DIR},
        sealed::stored_table,
    },
    recover::replay::Replay,
    storage::Storage,
};

/// The check of what is derived, so far.
pub(super) struct Derived {
    index: Option<OpenIndex>,
    mark: Option<Mark>,
    heads: TermMap<HeadEntry>,
    states: BTreeMap<StateKey, Option<StatePlace>>,
    /// Places that the tree must list.
    expected: u64,
    wrong: u64,
    /// The digests of the sealed segments.
    digests: BTreeMap<u32, u32>,
    /// Whether the segment where the tree's coverage ends has been met.
    met_mark: bool,
}

impl Derived {
    pub(super) fn new(
        index: Result<OpenIndex, String>,
        manifest: &Manifest,
        report: &mut VerifyReport,
    ) -> Self {
        let mut derived = Self {
            index: None,
            mark: None,
            heads: TermMap::default(),
            states: BTreeMap::new(),
            expected: 0,
            wrong: 0,
            digests: manifest.sealed.iter().map(|entry| (entry.number, entry.digest)).collect(),
            met_mark: false,
        };
        let opened = index.and_then(|index| {
            let mark = index.tree.mark().map_err(|error| error.to_string())?;
            Ok((index, mark))
        });
        match opened {
            Ok((index, mark)) => {
                derived.index = Some(index);
                derived.mark = mark;
            }
            Err(what) if !manifest.sealed.is_empty() => {
                report.problem(INDEX_DIR, None, &what, Severity::Derived);
            }
            Err(_) => {}
        }
        derived
    }

    /// The position table of a sealed segment against the segment.
    pub(super) fn position_table(
        &self,
        storage: &Arc<dyn Storage>,
        entry: &SealedSegment,
        index: &MemoryIndex,
        report: &mut VerifyReport,
    ) {
        let name = names::position_table(entry.number);
        if let Err(error) = stored_table(storage.as_ref(), entry) {
            report.problem(&name, None, &error.to_string(), Severity::Derived);
            return;
        }
        let wanted = PositionTable::encode(entry.first_position, entry.digest, &index.offsets());
        let stored = storage.open(&name).and_then(|file| {
            let mut bytes = vec![0; usize::try_from(file.size()?).unwrap_or(0)];
            file.read_at(0, &mut bytes).map(|()| bytes)
        });
        if !stored.is_ok_and(|stored| stored == wanted) {
            let what = "it does not say where the events are";
            report.problem(&name, None, what, Severity::Derived);
        }
    }

    /// The lists of a segment, if the tree covers it.
    pub(super) fn segment(
        &mut self,
        number: u32,
        header: &SegmentHeader,
        replayed: &Replay,
        index: &MemoryIndex,
        report: &mut VerifyReport,
    ) -> Result<()> {
        let (Some(open), Some(mark)) = (&self.index, self.mark) else { return Ok(()) };
        if self.met_mark || replayed.end_position > mark.covered {
            return Ok(());
        }
        // Within the segment's positions the tree must say the same as the segment.
        let view = View { tree: open.tree.clone(), sealed: Arc::default(), memory: Vec::new() };
        for (term, places) in index.postings() {
            let wanted = places.iter().map(|place| header.first_position + u64::from(*place));
            let found = in_tree(&view, term, header.first_position..replayed.end_position);
            match found {
                Ok(found) => self.wrong += u64::from(!wanted.eq(found)),
                Err(error) => {
                    report.problem(INDEX_DIR, None, &error.to_string(), Severity::Derived);
                    self.index = None;
                    return Ok(());
                }
            }
            self.expected += places.len() as u64;
            report.index_entries += places.len() as u64;
        }
        for (term, head) in index.heads() {
            self.heads.insert(*term, head.clone());
        }
        for (key, slot) in index.states() {
            let place =
                StatePlace { revision: slot.revision, segment: number, offset: slot.offset };
            self.states.insert(key.clone(), slot.is_present.then_some(place));
        }
        let is_last_covered = self.digests.get(&number) == Some(&mark.digest);
        self.met_mark = replayed.end_position == mark.covered && is_last_covered;
        Ok(())
    }

    /// Heads and state, which later segments overwrite, and whether the tree has anything else.
    pub(super) fn finish(mut self, report: &mut VerifyReport) -> Result<()> {
        let Some(open) = self.index.take() else { return Ok(()) };
        if self.mark.is_none() {
            return Ok(());
        }
        if !self.met_mark {
            let what = "it covers another log than this one, or more of it";
            report.problem(INDEX_DIR, None, what, Severity::Derived);
            return Ok(());
        }
        let mut compare = |key: &[u8], wanted: Option<Vec<u8>>| {
            report.index_entries += 1;
            self.wrong += u64::from(open.tree.value(key)? != wanted);
            Ok::<(), Error>(())
        };
        for (term, head) in &self.heads {
            compare(&head_key(*term), Some(head.encode()))?;
        }
        for (key, place) in &self.states {
            compare(&state_key(key), place.map(|place| place.encode()))?;
        }
        if self.wrong > 0 {
            let what = format!("{} of its lists are not what the log says", self.wrong);
            report.problem(INDEX_DIR, None, &what, Severity::Derived);
        }
        // What the tree has beyond the log lies in no list that was compared.
        let found = open.tree.entries()?;
        if found != self.expected {
            let what = format!("it lists {found} places, and the log makes {}", self.expected);
            report.problem(INDEX_DIR, None, &what, Severity::Derived);
        }
        Ok(())
    }
}

/// The entries of a list within a range of positions.
fn in_tree(view: &View, term: Term, range: Range<u64>) -> Result<Vec<u64>> {
    let mut list = List::new(term);
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(position) = list.at_least(view, at)?.filter(|p| *p < range.end) {
        found.push(position);
        at = position + 1;
    }
    Ok(found)
}
