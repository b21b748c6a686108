//! The events of an append one by one, for stores that know nothing of appends.

use annals_core::{Append, ExpectedVersion, NewEvent};

use crate::problem::Result;

/// An event with its place in its stream.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) stream: String,
    /// From 0.
    pub(super) version: i64,
    pub(super) event: NewEvent,
}

/// The events in order; versions follow from what the append expects.
pub(super) fn events_of(append: Append) -> Result<Vec<Event>> {
    let mut events = Vec::with_capacity(append.event_count());
    for write in append.writes {
        let first = match write.expected {
            ExpectedVersion::NoStream => 0,
            ExpectedVersion::Exact(last) => i64::try_from(last.get())? + 1,
            _ => return Err("a peer has to know the versions it writes".into()),
        };
        let stream = write.stream.to_string();
        let numbered = (first..).zip(write.events);
        events.extend(numbered.map(|(version, event)| Event {
            stream: stream.clone(),
            version,
            event,
        }));
    }
    Ok(events)
}

impl Event {
    /// The tag that begins like this: `order` or `customer`.
    pub(super) fn tag(&self, kind: &str) -> Result<String> {
        let tags = self.event.tags.as_slice();
        let found = tags.iter().find(|tag| tag.as_str().starts_with(kind));
        let tag = found.ok_or_else(|| format!("an event has no tag `{kind}`"))?;
        Ok(tag.as_str().to_owned())
    }
}
