//! Events among each other: whole appends, versions without gaps, and an order that agrees with
//! when the appends were made.

use std::collections::HashMap;

use annals_core::{EventId, Position, RecordedEvent, StreamName, Version};

use super::{Attempt, Outcome, Violation};
use crate::shown;

pub(super) fn violations(attempts: &[Attempt], stored: &[RecordedEvent]) -> Vec<Violation> {
    let mut violations = out_of_order(stored);
    violations.extend(gaps(stored));
    let places = Places::new(stored);
    violations.extend(attempts.iter().filter_map(|attempt| torn(attempt, &places)));
    violations.extend(against_time(attempts, &places));
    violations
}

fn out_of_order(stored: &[RecordedEvent]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for pair in stored.windows(2) {
        let [one, two] = pair else { continue };
        if one.position >= two.position || one.recorded_at > two.recorded_at {
            let (one, two) = (shown::event(one), shown::event(two));
            violations.push(Violation(format!("{one} stands before {two}, out of order")));
        }
    }
    violations
}

fn gaps(stored: &[RecordedEvent]) -> Vec<Violation> {
    let mut next: HashMap<&StreamName, Version> = HashMap::new();
    let mut violations = Vec::new();
    for event in stored.iter().filter(|event| event.version != Version::DELETED) {
        let expected = next.entry(&event.stream).or_default();
        if event.version != *expected {
            let event = shown::event(event);
            violations.push(Violation(format!("{event} stands where version {expected} belongs")));
        }
        *expected = event.version.next();
    }
    violations
}

/// Where events stand in the list of all.
struct Places<'a> {
    stored: &'a [RecordedEvent],
    by_identity: HashMap<(&'a StreamName, EventId), usize>,
}

impl<'a> Places<'a> {
    fn new(stored: &'a [RecordedEvent]) -> Self {
        let by_identity =
            stored.iter().enumerate().map(|(place, event)| ((&event.stream, event.id), place));
        Self { stored, by_identity: by_identity.collect() }
    }

    /// The places of an append's events, in order of place.
    fn of(&self, attempt: &Attempt) -> Vec<usize> {
        let events = attempt.append.writes.iter().flat_map(|write| {
            write.events.iter().map(|event| self.by_identity.get(&(&write.stream, event.id)))
        });
        let mut places: Vec<_> = events.flatten().copied().collect();
        places.sort_unstable();
        places
    }

    fn position(&self, place: Option<&usize>) -> Option<Position> {
        Some(self.stored.get(*place?)?.position)
    }
}

/// An append that is stored in part, or with foreign events in between.
fn torn(attempt: &Attempt, places: &Places<'_>) -> Option<Violation> {
    let at = places.of(attempt);
    let (first, last) = (at.first()?, at.last()?);
    let count = attempt.append.event_count();
    if matches!(attempt.outcome, Outcome::Refused(_)) {
        // Refused as a whole; the events may have come in by another append.
        return None;
    }
    let shown = places.stored.get(*first).map(shown::event)?;
    if at.len() != count {
        let stored = at.len();
        return Some(Violation(format!(
            "of the {count} events of the append of {shown} only {stored} are stored"
        )));
    }
    let between = places.stored.get(*first..=*last)?;
    let foreign = between
        .iter()
        .enumerate()
        .find(|(offset, event)| !at.contains(&(first + offset)) && !event.stream.is_metastream());
    let (_, foreign) = foreign?;
    let foreign = shown::event(foreign);
    Some(Violation(format!("{foreign} stands in the middle of the append of {shown}")))
}

/// What began after another append was acknowledged must stand after it.
fn against_time(attempts: &[Attempt], places: &Places<'_>) -> Vec<Violation> {
    let acknowledged =
        |attempt: &&Attempt| matches!(&attempt.outcome, Outcome::Stored(a) if !a.duplicate);
    let mut by_end: Vec<_> = attempts.iter().filter(acknowledged).collect();
    let mut by_begin = by_end.clone();
    by_end.sort_by_key(|attempt| attempt.ended);
    by_begin.sort_by_key(|attempt| attempt.began);
    let mut ended = by_end.into_iter().peekable();
    let mut highest = None;
    let mut violations = Vec::new();
    for attempt in by_begin {
        while let Some(earlier) = ended.next_if(|earlier| earlier.ended < attempt.began) {
            highest = std::cmp::max(highest, places.position(places.of(earlier).last()));
        }
        let first = places.position(places.of(attempt).first());
        if first.is_some() && first <= highest {
            violations.push(Violation(format!(
                "an append that began after the event at {highest:?} was acknowledged stands at \
                 {first:?}"
            )));
        }
    }
    violations
}
