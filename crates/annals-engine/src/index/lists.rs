//! One list of positions across the tree and the segments in memory, with seeks both ways.

use annals_core::Result;

use super::{
    codec::{CHUNK_ENTRIES, ListKind},
    term::Term,
    view::View,
};

/// A term's list, seen through a view; made anew for each view and head. Keeps the stretch it looked at last, so that walking on
/// costs a search in memory.
#[derive(Debug)]
pub(crate) struct List {
    term: Term,
    kind: ListKind,
    /// Ascending positions; complete between `low` and `high`, both included.
    stretch: Vec<u64>,
    low: u64,
    high: u64,
    /// Nothing is at or after this position, as far as was looked.
    none_from: Option<u64>,
    /// Nothing is at or before this position.
    none_to: Option<u64>,
}

impl List {
    pub(crate) const fn new(term: Term, kind: ListKind) -> Self {
        // An empty stretch: low above high.
        let (low, high) = (1, 0);
        Self { term, kind, stretch: Vec::new(), low, high, none_from: None, none_to: None }
    }

    /// The first position at or after `position`.
    pub(crate) fn at_least(&mut self, view: &View, position: u64) -> Result<Option<u64>> {
        if !self.covers(position) && !self.load_at_least(view, position)? {
            return Ok(None);
        }
        let index = self.stretch.partition_point(|p| *p < position);
        if let Some(found) = self.stretch.get(index) {
            return Ok(Some(*found));
        }
        // The stretch ends before the next entry; a loaded one never does.
        let next = self.high.saturating_add(1);
        Ok(if self.load_at_least(view, next)? { self.stretch.first().copied() } else { None })
    }

    /// The last position at or before `position`.
    pub(crate) fn at_most(&mut self, view: &View, position: u64) -> Result<Option<u64>> {
        if !self.covers(position) && !self.load_at_most(view, position)? {
            return Ok(None);
        }
        let index = self.stretch.partition_point(|p| *p <= position);
        if let Some(found) = index.checked_sub(1).and_then(|index| self.stretch.get(index)) {
            return Ok(Some(*found));
        }
        let Some(before) = self.low.checked_sub(1) else { return Ok(None) };
        Ok(if self.load_at_most(view, before)? { self.stretch.last().copied() } else { None })
    }

    const fn covers(&self, position: u64) -> bool {
        self.low <= position && position <= self.high
    }

    /// Loads a stretch that begins at `position` and has at least one entry.
    fn load_at_least(&mut self, view: &View, position: u64) -> Result<bool> {
        if self.none_from.is_some_and(|none| position >= none) {
            return Ok(false);
        }
        if position < view.covered()
            && let Some(stretch) = self.tree_at_least(view, position)?
        {
            self.set(position, stretch);
            return Ok(true);
        }
        for segment in &view.memory {
            let from = position.saturating_sub(segment.first_position);
            let index = segment.index.read();
            let places = index.places(self.term);
            let skip = places.partition_point(|place| u64::from(*place) < from);
            let places = places.get(skip..).unwrap_or_default();
            if places.is_empty() {
                continue;
            }
            let places = places.iter().take(CHUNK_ENTRIES);
            let stretch = places.map(|place| segment.first_position + u64::from(*place)).collect();
            drop(index);
            self.set(position, stretch);
            return Ok(true);
        }
        self.none_from = Some(position);
        Ok(false)
    }

    /// Loads a stretch that ends at `position` and has at least one entry.
    fn load_at_most(&mut self, view: &View, position: u64) -> Result<bool> {
        if self.none_to.is_some_and(|none| position <= none) {
            return Ok(false);
        }
        for segment in view.memory.iter().rev() {
            let Some(to) = position.checked_sub(segment.first_position) else { continue };
            let index = segment.index.read();
            let places = index.places(self.term);
            let end = places.partition_point(|place| u64::from(*place) <= to);
            let places = places.get(end.saturating_sub(CHUNK_ENTRIES)..end).unwrap_or_default();
            if places.is_empty() {
                continue;
            }
            let stretch = places.iter().map(|p| segment.first_position + u64::from(*p)).collect();
            drop(index);
            self.set_back(position, stretch);
            return Ok(true);
        }
        let stretch = match view.covered().checked_sub(1) {
            Some(last) => self.tree_at_most(view, std::cmp::min(position, last))?,
            None => None,
        };
        let Some(stretch) = stretch else {
            self.none_to = Some(position);
            return Ok(false);
        };
        self.set_back(position, stretch);
        Ok(true)
    }

    fn set(&mut self, low: u64, stretch: Vec<u64>) {
        self.low = low;
        self.high = stretch.last().copied().unwrap_or(low);
        self.stretch = stretch;
    }

    fn set_back(&mut self, high: u64, stretch: Vec<u64>) {
        self.low = stretch.first().copied().unwrap_or(high);
        self.high = high;
        self.stretch = stretch;
    }

    /// Entries of the tree from `position` on, at least one.
    fn tree_at_least(&self, view: &View, position: u64) -> Result<Option<Vec<u64>>> {
        let covered = view.covered();
        let keep = |positions: Vec<u64>| -> Option<Vec<u64>> {
            let kept: Vec<u64> =
                positions.into_iter().filter(|p| *p >= position && *p < covered).collect();
            (!kept.is_empty()).then_some(kept)
        };
        let before = match self.kind {
            ListKind::ByPosition => view.tree.chunk_at_most(self.term, self.kind, position)?,
            ListKind::ByVersion => self.stream_chunk(view, position)?,
        };
        let next_key = match &before {
            None => 0,
            Some(chunk) if self.kind == ListKind::ByPosition => chunk.first + 1,
            Some(chunk) => chunk.first + chunk.positions.len() as u64,
        };
        if let Some(kept) = before.and_then(|chunk| keep(chunk.positions)) {
            return Ok(Some(kept));
        }
        let next = view.tree.chunk_at_least(self.term, self.kind, next_key)?;
        Ok(next.and_then(|chunk| keep(chunk.positions)))
    }

    /// Entries of the tree up to `position`, at least one.
    fn tree_at_most(&self, view: &View, position: u64) -> Result<Option<Vec<u64>>> {
        let chunk = match self.kind {
            ListKind::ByPosition => view.tree.chunk_at_most(self.term, self.kind, position)?,
            ListKind::ByVersion => self.stream_chunk(view, position)?,
        };
        let Some(chunk) = chunk else { return Ok(None) };
        let kept: Vec<u64> = chunk.positions.into_iter().filter(|p| *p <= position).collect();
        Ok((!kept.is_empty()).then_some(kept))
    }

    /// The last chunk of a stream that begins at or before `position`, by halving the versions:
    /// both versions and positions grow along a stream.
    fn stream_chunk(&self, view: &View, position: u64) -> Result<Option<super::tree::Chunk>> {
        let kind = ListKind::ByVersion;
        let Some(last) = view.tree.chunk_at_most(self.term, kind, u64::MAX)? else {
            return Ok(None);
        };
        if last.positions.first().is_some_and(|first| *first <= position) {
            return Ok(Some(last));
        }
        let (mut low, mut high) = (0, last.first);
        let mut found = None;
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(chunk) = view.tree.chunk_at_most(self.term, kind, middle)? else { break };
            if chunk.positions.first().is_some_and(|first| *first <= position) {
                low = chunk.first + chunk.positions.len() as u64;
                found = Some(chunk);
            } else {
                high = chunk.first;
            }
        }
        Ok(found)
    }
}
