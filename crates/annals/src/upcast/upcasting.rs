//! A record together with everything it takes to bring it to today's form.

use annals_core::{RecordedEvent, Result};

use super::Upcasters;
use crate::RawEvent;

/// A record that can be read as today's events, without waiting for anything.
///
/// Made by `Store::upcast`, which fetches what rules with context need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upcasting<'a> {
    record: &'a RecordedEvent,
}

impl<'a> Upcasting<'a> {
    /// For a record by itself: a rule with context has nothing to go by and fails.
    pub(crate) fn alone(record: &'a RecordedEvent, _upcasters: &'a Upcasters) -> Self {
        Self { record }
    }

    /// The record as stored.
    pub(crate) const fn record(&self) -> &'a RecordedEvent {
        self.record
    }

    /// Gives each of today's events that the record stands for, with the number of the part.
    ///
    /// # Errors
    /// `Undecodable` when a rule fails or panics; those of `take`.
    pub(crate) fn each(&self, mut take: impl FnMut(u32, RawEvent<'_>) -> Result<()>) -> Result<()> {
        take(0, RawEvent::from(self.record))
    }
}
