//! Whether restored events and state follow on what a store holds.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use super::StreamHead;
use crate::{
    Error, ErrorKind, EventType, Position, RecordedEvent, RecordedState, Restore, Result, StatePut,
    StreamMetadata, StreamName, Timestamp, Version, limits,
};

/// Where a store stands, as far as restoring is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreEnd {
    /// The position of its next event.
    pub next: Position,
    /// The time of its newest write.
    pub recorded_at: Timestamp,
    /// The revision of its newest write of state.
    pub revision: u64,
}

/// Decides about restoring, and gives the heads of all streams that it touches as they are after
/// it, by the stream that is no metastream. `head_of` tells how such a stream stands before.
///
/// # Errors
/// `InvalidArgument` when what is restored contradicts itself, `ConditionFailed` when it does not
/// follow on what the store holds, `TooLarge`, and those of `head_of`.
pub fn decide_restore(
    restore: &Restore,
    end: StoreEnd,
    head_of: impl FnMut(&StreamName) -> Result<StreamHead>,
) -> Result<HashMap<StreamName, StreamHead>> {
    restore.check_size()?;
    let mut check = Check { heads: HashMap::new(), head_of };
    let mut last: Option<&RecordedEvent> = None;
    for event in &restore.events {
        check_order(event, last, end)?;
        check_kind(event)?;
        check.version(event)?;
        last = Some(event);
    }
    check_states(&restore.states, end)?;
    Ok(check.heads)
}

/// The heads as the events so far leave them.
struct Check<F> {
    heads: HashMap<StreamName, StreamHead>,
    head_of: F,
}

impl<F: FnMut(&StreamName) -> Result<StreamHead>> Check<F> {
    fn version(&mut self, event: &RecordedEvent) -> Result<()> {
        let stream = &event.stream;
        let base = stream.metastream_of().unwrap_or_else(|| stream.clone());
        let (head, kind) = match self.heads.entry(base) {
            Entry::Occupied(known) => (known.into_mut(), ErrorKind::InvalidArgument),
            Entry::Vacant(free) => {
                let head = (self.head_of)(free.key())?;
                (free.insert(head), ErrorKind::ConditionFailed)
            }
        };
        let at = event.position;
        if head.is_tombstoned {
            let why = format!("event {at} is for stream `{stream}`, which is closed for good");
            return Err(Error::new(kind, why));
        }
        if event.version == Version::DELETED {
            head.is_tombstoned = true;
            return Ok(());
        }
        let is_settings = stream.is_metastream();
        let last = if is_settings { &mut head.metadata_last } else { &mut head.last };
        let next = last.map_or(Version::FIRST, Version::next);
        if event.version != next {
            let version = event.version;
            let why = format!(
                "event {at} has version {version}, but the next of stream `{stream}` is {next}"
            );
            return Err(Error::new(kind, why));
        }
        *last = Some(next);
        if is_settings {
            head.metadata = Some(Arc::new(StreamMetadata::parse_stored(&event.data)));
        }
        Ok(())
    }
}

/// Positions follow one another, and times do not go back.
fn check_order(event: &RecordedEvent, last: Option<&RecordedEvent>, end: StoreEnd) -> Result<()> {
    let (kind, next, newest) = match last {
        Some(last) => (ErrorKind::InvalidArgument, last.position.next(), last.recorded_at),
        None => (ErrorKind::ConditionFailed, end.next, end.recorded_at),
    };
    let (position, recorded_at) = (event.position, event.recorded_at);
    if position != next {
        let why = format!("event {position} cannot be restored, the next position is {next}");
        return Err(Error::new(kind, why).with("position", position).with("next", next));
    }
    if recorded_at < newest {
        let why = format!(
            "event {position} was recorded at {recorded_at}, before what was written at {newest}"
        );
        return Err(Error::new(kind, why));
    }
    Ok(())
}

/// What an append could not have written is no event of a store.
fn check_kind(event: &RecordedEvent) -> Result<()> {
    let at = event.position;
    let size = event.size();
    if size > limits::EVENT_BYTES_MAX {
        let what = format!("the size of event {at} in bytes");
        return Err(Error::too_large(&what, size, limits::EVENT_BYTES_MAX));
    }
    let is_settings = event.event_type == EventType::METADATA;
    let is_end = event.event_type == EventType::STREAM_DELETED;
    let is_in_place = event.stream.is_metastream() == is_settings
        && (event.version == Version::DELETED) == is_end
        && event.version <= Version::DELETED;
    if is_in_place {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "event {at} of type `{}` cannot stand in stream `{}` with version {}",
        event.event_type, event.stream, event.version
    )))
}

fn check_states(states: &[RecordedState], end: StoreEnd) -> Result<()> {
    let (mut newest, mut kind) = (end.revision, ErrorKind::ConditionFailed);
    for state in states {
        let key = &state.key;
        if state.revision <= newest {
            let why = format!(
                "{} `{}` has revision {}, but revisions up to {newest} were given before",
                key.kind.as_str(),
                key.name,
                state.revision
            );
            return Err(Error::new(kind, why));
        }
        (newest, kind) = (state.revision, ErrorKind::InvalidArgument);
        StatePut::check_value(key, state.value.as_ref())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
