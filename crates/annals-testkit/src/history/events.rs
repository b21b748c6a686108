//! Each event by itself: stored as often as it may be, as it was written, where it was answered.

use std::collections::HashMap;

use annals_core::{EventId, EventType, NewEvent, RecordedEvent, StreamName, Version};

use super::{Attempt, Outcome, Violation};
use crate::shown;

type Identity<'a> = (&'a StreamName, EventId);

/// What is known about an event from all attempts to write it.
struct Tried<'a> {
    event: &'a NewEvent,
    is_acknowledged: bool,
    is_refused_only: bool,
}

pub(super) fn violations(attempts: &[Attempt], stored: &[RecordedEvent]) -> Vec<Violation> {
    let tried = tried(attempts);
    let mut places: HashMap<Identity<'_>, Vec<&RecordedEvent>> = HashMap::new();
    for event in stored.iter().filter(|event| !is_by_store(event)) {
        places.entry((&event.stream, event.id)).or_default().push(event);
    }
    let mut violations = Vec::new();
    violations.extend(attempts.iter().flat_map(|attempt| answered(attempt, &places)));
    for (identity, tried) in &tried {
        let at = places.remove(identity).unwrap_or_default();
        violations.extend(check(*identity, tried, &at));
    }
    let invented = places.into_values().flatten();
    violations.extend(
        invented.map(|event| {
            Violation(format!("{} is stored, but nobody wrote it", shown::event(event)))
        }),
    );
    violations
}

/// Events that the store writes of its own accord: deletions, and the settings around them.
fn is_by_store(event: &RecordedEvent) -> bool {
    event.version == Version::DELETED
        || event.event_type == EventType::METADATA
            && event.id == EventId::of_store(&event.stream, event.version)
}

fn tried(attempts: &[Attempt]) -> HashMap<Identity<'_>, Tried<'_>> {
    let mut tried: HashMap<Identity<'_>, Tried<'_>> = HashMap::new();
    for attempt in attempts {
        for write in &attempt.append.writes {
            for event in &write.events {
                let known = tried.entry((&write.stream, event.id)).or_insert(Tried {
                    event,
                    is_acknowledged: false,
                    is_refused_only: true,
                });
                known.is_acknowledged |= matches!(attempt.outcome, Outcome::Stored(_));
                known.is_refused_only &= matches!(attempt.outcome, Outcome::Refused(_));
            }
        }
    }
    tried
}

fn check(
    (stream, id): Identity<'_>,
    tried: &Tried<'_>,
    places: &[&RecordedEvent],
) -> Option<Violation> {
    let what = format!("event {id} of `{stream}`");
    let message = match places {
        [] if tried.is_acknowledged => format!("{what} was acknowledged, but is not stored"),
        [one] if tried.is_refused_only => {
            format!("{what} was refused, but is stored as {}", shown::event(one))
        }
        [one] if !is_as_written(tried.event, one) => {
            format!("{what} is stored as {}, but not as it was written", shown::event(one))
        }
        [one, two, ..] => {
            let (one, two) = (shown::event(one), shown::event(two));
            format!("{what} is stored more than once: as {one} and as {two}")
        }
        _ => return None,
    };
    Some(Violation(message))
}

fn is_as_written(written: &NewEvent, stored: &RecordedEvent) -> bool {
    written.event_type == stored.event_type
        && written.data == stored.data
        && written.metadata == stored.metadata
        && written.tags == stored.tags
        && written.schema_version == stored.schema_version
        && written.content_type == stored.content_type
        && written.time.is_none_or(|time| time == stored.time)
}

/// The versions and the position of an answer are where the events stand.
fn answered(
    attempt: &Attempt,
    places: &HashMap<Identity<'_>, Vec<&RecordedEvent>>,
) -> Vec<Violation> {
    let Outcome::Stored(answer) = &attempt.outcome else { return Vec::new() };
    let mut violations = Vec::new();
    let mut last_position = None;
    for (write, row) in attempt.append.writes.iter().zip(&answer.streams) {
        let version_of =
            |event: Option<&NewEvent>| places.get(&(&write.stream, event?.id))?.first().copied();
        let (first, last) = (version_of(write.events.first()), version_of(write.events.last()));
        last_position = std::cmp::max(last_position, last.map(|event| event.position));
        let [first, last] = [first, last].map(|event| event.map(|event| event.version));
        if !write.events.is_empty() && (first, last) != (row.first_version, row.last_version) {
            violations.push(Violation(format!(
                "an append to `{}` was answered with versions {:?} to {:?}, but its events stand \
                 at {first:?} to {last:?}",
                write.stream, row.first_version, row.last_version
            )));
        }
    }
    if attempt.append.event_count() > 0 && answer.position != last_position {
        violations.push(Violation(format!(
            "an append was answered with position {:?}, but its last event stands at \
             {last_position:?}",
            answer.position
        )));
    }
    violations
}
