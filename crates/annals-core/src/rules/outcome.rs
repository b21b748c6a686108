//! From the verdicts on single writes to the fate of the whole append.

use crate::{Error, ExpectedVersion, Position, Result, StreamName, StreamWrite, Version};

use super::{Lane, Otherwise};

/// Where the events of a write were stored the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// The version of its first event.
    pub first: Version,
    /// The version of its last event.
    pub last: Version,
    /// The position of its last event.
    pub position: Position,
}

/// What holds for one write.
#[derive(Debug)]
pub enum Outcome {
    /// Its events can be stored.
    Fresh,
    /// Its events are stored already.
    Stored(Duplicate),
    /// It is refused.
    Refused(Error),
}

/// What holds for the whole append.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// Store all of it.
    Store,
    /// All of it is stored already; in the order of the writes, `None` for those without events.
    Stored(Vec<Option<Duplicate>>),
}

/// Compares a write with the places where its events would stand if it were a repeat.
///
/// `stored` gives, for each event of the write in order, its place if the event at that version
/// has the same id. Ids alone are compared, never the content.
pub fn resolve_repeat(
    write: &StreamWrite,
    lane: Lane,
    otherwise: Otherwise,
    stored: impl IntoIterator<Item = Option<(Version, Position)>>,
) -> Outcome {
    let stored: Vec<_> = stored.into_iter().collect();
    let found: Vec<_> = stored.iter().flatten().copied().collect();
    if let ([(first, _), ..], [.., (last, position)]) = (found.as_slice(), found.as_slice()) {
        if found.len() == write.events.len() {
            return Outcome::Stored(Duplicate { first: *first, last: *last, position: *position });
        }
        return Outcome::Refused(conflict(&write.stream, write.expected, lane));
    }
    match otherwise {
        Otherwise::Accept => Outcome::Fresh,
        Otherwise::Conflict => Outcome::Refused(conflict(&write.stream, write.expected, lane)),
    }
}

/// Compares a write that named no exact version with the ids of the store's newest events.
///
/// `known` gives, for each event of the write in order, where its id is among them, in the same
/// stream. An unknown first id means that the write is new, whatever the others are.
pub fn resolve_retry(
    write: &StreamWrite,
    lane: Lane,
    known: impl IntoIterator<Item = Option<(Version, Position)>>,
) -> Outcome {
    let mut known = known.into_iter();
    let Some(Some((first, mut position))) = known.next() else { return Outcome::Fresh };
    let mut last = first;
    for place in known {
        let Some(place) = place else {
            return Outcome::Refused(conflict(&write.stream, write.expected, lane));
        };
        (last, position) = place;
    }
    Outcome::Stored(Duplicate { first, last, position })
}

fn conflict(stream: &StreamName, expected: ExpectedVersion, lane: Lane) -> Error {
    Error::wrong_expected_version_of(stream.clone(), expected, lane.last)
}

/// Joins the outcomes of all writes, in their order.
///
/// When every write with events is stored already the append succeeded before, whatever the
/// checks (writes without events) say now. A mix of stored and new is a conflict.
///
/// # Errors
/// The first refusal; `WrongExpectedVersion` for a mix.
pub fn plan(writes: &[StreamWrite], outcomes: Vec<Outcome>) -> Result<Plan> {
    let mut stored = Vec::with_capacity(outcomes.len());
    let mut fresh = 0_usize;
    let mut refused_check = None;
    for (write, outcome) in writes.iter().zip(outcomes) {
        match outcome {
            Outcome::Refused(error) if write.events.is_empty() => {
                refused_check.get_or_insert(error);
                stored.push(None);
            }
            Outcome::Refused(error) => return Err(error),
            Outcome::Stored(duplicate) => stored.push(Some(duplicate)),
            Outcome::Fresh => {
                fresh += usize::from(!write.events.is_empty());
                stored.push(None);
            }
        }
    }
    let repeated = writes
        .iter()
        .zip(&stored)
        .find_map(|(write, place)| place.as_ref().map(|place| (write, place.last)));
    match (repeated, fresh, refused_check) {
        (Some(_), 0, _) => Ok(Plan::Stored(stored)),
        (_, _, Some(error)) => Err(error),
        (Some((write, last)), _, None) => {
            Err(Error::wrong_expected_version_of(write.stream.clone(), write.expected, Some(last))
                .with("reason", "some of the append's events are stored already, others are not"))
        }
        (None, _, None) => Ok(Plan::Store),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventType, NewEvent};

    const LANE: Lane = Lane {
        last: Some(Version::new(9)),
        has_metadata: false,
        is_soft_deleted: false,
        is_tombstoned: false,
    };

    fn write(events: usize) -> StreamWrite {
        let event = || NewEvent::new(EventType::new("x").unwrap(), "{}");
        StreamWrite {
            stream: StreamName::new("s").unwrap(),
            expected: ExpectedVersion::Any,
            events: (0..events).map(|_| event()).collect(),
        }
    }

    fn at(number: u64) -> Option<(Version, Position)> {
        Some((Version::new(number), Position::new(number + 100)))
    }

    fn show(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Fresh => "fresh".to_owned(),
            Outcome::Stored(d) => format!("stored {}..{} at {}", d.first, d.last, d.position),
            Outcome::Refused(error) => error.kind().code().to_owned(),
        }
    }

    #[test]
    fn a_retry_is_recognised_by_its_first_id() {
        let check = |known: &[Option<(Version, Position)>]| {
            show(&resolve_retry(&write(2), LANE, known.iter().copied()))
        };
        assert_eq!(check(&[None, None]), "fresh");
        assert_eq!(check(&[None, at(4)]), "fresh");
        assert_eq!(check(&[at(3), at(4)]), "stored 3..4 at 104");
        assert_eq!(check(&[at(3), None]), "wrong_expected_version");
        assert_eq!(show(&resolve_retry(&write(0), LANE, [])), "fresh");
    }

    #[test]
    fn a_repeat_matches_whole_or_not_at_all() {
        let check = |otherwise, stored: &[Option<(Version, Position)>]| {
            show(&resolve_repeat(&write(2), LANE, otherwise, stored.iter().copied()))
        };
        assert_eq!(check(Otherwise::Conflict, &[at(3), at(4)]), "stored 3..4 at 104");
        assert_eq!(check(Otherwise::Conflict, &[None, None]), "wrong_expected_version");
        assert_eq!(check(Otherwise::Accept, &[None, None]), "fresh");
        assert_eq!(check(Otherwise::Accept, &[None, at(4)]), "wrong_expected_version");
    }

    fn stored() -> Outcome {
        Outcome::Stored(Duplicate {
            first: Version::new(3),
            last: Version::new(4),
            position: Position::new(104),
        })
    }

    fn refused() -> Outcome {
        Outcome::Refused(Error::stream_deleted(&StreamName::new("s").unwrap()))
    }

    #[test]
    fn an_append_stored_before_succeeds_although_its_checks_would_fail_now() {
        let plan = plan(&[write(2), write(0)], vec![stored(), refused()]).unwrap();
        assert!(matches!(plan, Plan::Stored(_)));
    }

    #[test]
    fn a_mix_of_stored_and_new_is_a_conflict() {
        let error = plan(&[write(2), write(2)], vec![stored(), Outcome::Fresh]).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::WrongExpectedVersion);
    }

    #[test]
    fn one_refusal_refuses_the_append() {
        assert!(plan(&[write(1), write(0)], vec![Outcome::Fresh, refused()]).is_err());
        assert!(plan(&[write(1), write(1)], vec![Outcome::Fresh, refused()]).is_err());
        assert_eq!(plan(&[write(1)], vec![Outcome::Fresh]).unwrap(), Plan::Store);
    }
}
