//! One list of positions across the tree and the segments in memory, with seeks both ways.

use annals_core::Result;

use super::{
    codec::{BLOCK_ENTRIES, ListEntry},
    term::Term,
    view::View,
};

/// A term's list, seen through a view; made anew for each view and head. Keeps the stretch it looked at last, so that walking on
/// costs a search in memory.
#[derive(Debug)]
pub(crate) struct List {
    term: Term,
    /// What the tree says of it, once asked; shared by all seeks.
    entry: Option<ListEntry>,
    /// The full block that a walk comes to next.
    next_block: u32,
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
    pub(crate) const fn new(term: Term) -> Self {
        // An empty stretch: low above high.
        let (low, high) = (1, 0);
        Self {
            term,
            entry: None,
            next_block: 0,
            stretch: Vec::new(),
            low,
            high,
            none_from: None,
            none_to: None,
        }
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
            let places = places.iter().take(BLOCK_ENTRIES);
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
            let places = places.get(end.saturating_sub(BLOCK_ENTRIES)..end).unwrap_or_default();
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

    /// How many entries there are, about: the open segment may have gained some since.
    pub(crate) fn count(&mut self, view: &View) -> Result<u64> {
        let in_tree = self.entry(view)?.count;
        let in_memory =
            view.memory.iter().map(|segment| segment.index.read().places(self.term).len() as u64);
        Ok(in_tree + in_memory.sum::<u64>())
    }

    fn entry(&mut self, view: &View) -> Result<&ListEntry> {
        let entry = match self.entry.take() {
            Some(entry) => entry,
            None => view.tree.list(self.term)?.unwrap_or_default(),
        };
        Ok(self.entry.insert(entry))
    }

    /// Entries of the tree from `position` on, at least one.
    fn tree_at_least(&mut self, view: &View, position: u64) -> Result<Option<Vec<u64>>> {
        let covered = view.covered();
        let keep = |positions: &[u64]| -> Option<Vec<u64>> {
            let wanted = positions.iter().copied().filter(|p| *p >= position && *p < covered);
            let kept: Vec<u64> = wanted.collect();
            (!kept.is_empty()).then_some(kept)
        };
        let next = self.next_block;
        let entry = self.entry(view)?;
        let (blocks, in_tail) = (entry.blocks(), keep(&entry.tail));
        if entry.tail.first().is_none_or(|first| *first <= position) {
            return Ok(in_tail);
        }
        // A walk usually goes on with the next block; anything else is searched for.
        let mut block = next;
        let is_next = block < blocks
            && view.tree.block(self.term, block)?.last().is_some_and(|last| *last >= position)
            && (block == 0 || self.low < position);
        if !is_next {
            block = self.search(view, blocks, position)?.unwrap_or(0);
        }
        while block < blocks {
            let found = keep(&view.tree.block(self.term, block)?);
            block += 1;
            if found.is_some() {
                self.next_block = block;
                return Ok(found);
            }
        }
        Ok(in_tail)
    }

    /// Entries of the tree up to `position`, at least one.
    fn tree_at_most(&mut self, view: &View, position: u64) -> Result<Option<Vec<u64>>> {
        let keep = |positions: &[u64]| -> Option<Vec<u64>> {
            let kept: Vec<u64> = positions.iter().copied().filter(|p| *p <= position).collect();
            (!kept.is_empty()).then_some(kept)
        };
        let entry = self.entry(view)?;
        if let Some(kept) = keep(&entry.tail) {
            return Ok(Some(kept));
        }
        let blocks = entry.blocks();
        match self.search(view, blocks, position)? {
            Some(block) => Ok(keep(&view.tree.block(self.term, block)?)),
            None => Ok(None),
        }
    }

    /// The last full block that begins at or before `position`, by halving.
    fn search(&self, view: &View, blocks: u32, position: u64) -> Result<Option<u32>> {
        let (mut low, mut high) = (0, blocks);
        while low < high {
            let middle = low + (high - low) / 2;
            let first = view.tree.block(self.term, middle)?.first().copied();
            if first.is_some_and(|first| first <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low.checked_sub(1))
    }
}
