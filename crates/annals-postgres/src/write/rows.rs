//! The rows of `streams` that a group touches: what is taken for granted, and what becomes of them.

use std::{collections::HashMap, sync::Arc};

use annals_core::{StreamMetadata, StreamName};

/// Wanted version: none.
pub(super) const NONE: i64 = -1;
/// Wanted version: any, or at least settings.
pub(super) const SOME: i64 = -2;

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) stream: StreamName,
    /// What its newest version must be.
    pub(super) last: Option<i64>,
    /// What the version of its settings must be.
    pub(super) settings_last: Option<i64>,
    /// Whether it must not be deleted.
    pub(super) is_live: bool,
    /// Events it gets.
    pub(super) count: u64,
    /// The number of the first of them among all events, from 1.
    pub(super) first: Option<u64>,
    /// Settings it gets, and the newest of them.
    pub(super) settings: Vec<Arc<StreamMetadata>>,
    pub(super) is_tombstoned: bool,
    /// Whether another request may touch it in the same group.
    pub(super) is_shared: bool,
}

impl Row {
    fn new(stream: StreamName) -> Self {
        Self {
            stream,
            last: None,
            settings_last: None,
            is_live: false,
            count: 0,
            first: None,
            settings: Vec::new(),
            is_tombstoned: false,
            is_shared: true,
        }
    }

    /// The newest version after the events so far, where it is known: -1 for none.
    pub(super) fn last_now(&self) -> Option<i64> {
        let before = self.last.filter(|last| *last != SOME)?;
        Some(before + i64::try_from(self.count).ok()?)
    }
}

/// The rows in order of their first mention.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    index: HashMap<StreamName, usize>,
}

impl Rows {
    pub(super) fn get(&self, stream: &StreamName) -> Option<&Row> {
        self.rows.get(*self.index.get(stream)?)
    }

    /// The row of a stream with its index.
    pub(super) fn entry(&mut self, stream: &StreamName) -> (usize, &mut Row) {
        let next = self.rows.len();
        let index = *self.index.entry(stream.clone()).or_insert(next);
        if index == next {
            self.rows.push(Row::new(stream.clone()));
        }
        (index, &mut self.rows[index])
    }

    pub(super) fn at(&self, index: usize) -> &Row {
        &self.rows[index]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }
}
