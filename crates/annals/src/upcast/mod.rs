//! Upcasters: stored events of an old schema become today's, wherever they are read.
//!
//! Rules are for a stored type and schema version, and are applied until none is left for what
//! came out; that they end is checked before the first event. An event that no rule is for is
//! read as it is: no copy, no JSON. `graph` knows which forms lead where, `upcasting` applies the
//! rules to one record, `decode` is the door that all readers use.

mod build;
mod data;
mod decode;
mod earlier;
mod ends;
mod fault;
mod fingerprint;
mod graph;
mod history;
mod number;
mod rule;
mod stored;
mod table;
mod upcasting;
mod value;

pub use decode::Decoded;
pub use earlier::Earlier;
pub(crate) use history::Histories;
pub use rule::Parts;
pub use stored::Stored;
pub use upcasting::Upcast;
pub(crate) use upcasting::Upcasting;

use std::sync::Arc;

use annals_core::{Error, ErrorKind, EventType, Result};

use crate::EventSchema;
use table::Table;

#[cfg(test)]
mod tests;

/// The rules that bring stored events to today's schema. They are applied wherever events are
/// read: to loads, projections, rebuilds and subscriptions alike; the stored events never change.
///
/// A rule is for a stored type, most of them for one schema version of it. After one rule comes
/// the next that is for what came out, until there is none: a rename and three lifts bring a very
/// old event all the way. A rule for one schema version goes before one for any.
///
/// ```
/// use annals::Upcasters;
///
/// let upcasters = Upcasters::new()
///     .rename("AccountOpened", "bank.opened")
///     .lift("bank.deposited", 1, |_old, mut json| {
///         json["currency"] = "EUR".into();
///         Ok(json)
///     })
///     .split("bank.moved", 1, [("bank.withdrawn", 1), ("bank.deposited", 1)], |_old, json| {
///         Ok(vec![("bank.withdrawn", json.clone()), ("bank.deposited", json)])
///     })
///     .drop("bank.heartbeat");
/// upcasters.check()?;
/// # Ok::<(), annals::Error>(())
/// ```
///
/// Tags stay those the event was stored with: whoever looks for a tag finds the events that were
/// written with it. Types are seen through: whoever asks for `bank.opened` is also given what is
/// stored as `AccountOpened`, in subscriptions and append conditions too.
#[derive(Clone, Default)]
pub struct Upcasters {
    table: Arc<Table>,
}

impl Upcasters {
    /// No rules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks that the rules make sense together. Building an application does it.
    ///
    /// # Errors
    /// `InvalidArgument` for names that no event can have, schema version 0, two rules for the
    /// same stored events, and rules that lead in a circle; it names the rules.
    pub fn check(&self) -> Result<()> {
        self.table.graph().map(drop)
    }

    /// The types under which events of these types may be stored. Never empty, because a query
    /// without types asks for all of them: when the rules leave nothing, or do not
    /// [`check`](Self::check), these are the types themselves.
    pub(crate) fn stored_types(&self, types: &[EventSchema]) -> Vec<EventType> {
        let names = names(types);
        if self.table.is_empty() {
            return names;
        }
        let stored = self.table.graph().map(|graph| graph.sources(&names)).unwrap_or_default();
        if stored.is_empty() { names } else { stored }
    }

    /// Refuses to write an event that would be read as another.
    pub(crate) fn check_new(&self, event_type: &EventType, version: u32) -> Result<()> {
        if self.table.is_empty() {
            return Ok(());
        }
        match self.table.rule(event_type, version)? {
            None => Ok(()),
            Some(rule) => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "an event of type `{event_type}` in schema version {version} is not today's: \
                     it would be read back through an upcaster, {rule}; give the type its next \
                     schema version, or take the rule away"
                ),
            )),
        }
    }

    fn table_mut(&mut self) -> &mut Table {
        Arc::make_mut(&mut self.table).change()
    }
}

impl std::fmt::Debug for Upcasters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.table.rules).finish()
    }
}

fn names(types: &[EventSchema]) -> Vec<EventType> {
    types.iter().map(|schema| EventType::from_stored(schema.name.into())).collect()
}
