//! `--from` and `--to`: numbers, ends and times, and the stretch they mean in a store.
//!
//! A time means `recorded_at`, which never decreases along a store, so its place is found by
//! halving: a few reads of one event each.

use annals::{
    Backend, Direction, Position, Query, Read, ReadAll, ReadStream, StreamName, Timestamp, Version,
};
use futures_lite::stream;

use crate::failure::{Failure, OrFail, Result};

/// One end of a stretch, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Start,
    End,
    At(u64),
    Time(Timestamp),
}

/// A stretch of a stream (versions) or of the store (positions), both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) low: Option<u64>,
    pub(crate) high: Option<u64>,
}

/// What a stretch is measured along.
pub(crate) enum Axis<'a> {
    Stream(&'a StreamName),
    All,
}

impl std::str::FromStr for Bound {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.strip_prefix('@')) {
            ("start", _) => Ok(Self::Start),
            ("end", _) => Ok(Self::End),
            (_, Some(time)) => Ok(Self::Time(time.parse()?)),
            _ => text.parse().map(Self::At).map_err(|_| {
                Failure::usage(
                    format!("`{text}` is no place in a stream or store"),
                    "write a number, `start`, `end`, or a time like @2026-01-31T12:00:00Z",
                )
            }),
        }
    }
}

/// Finds the stretch between two bounds; `None` when it is empty for certain.
pub(crate) fn resolve(
    store: &dyn Backend,
    axis: &Axis<'_>,
    direction: Direction,
    from: Option<Bound>,
    to: Option<Bound>,
) -> Result<Option<Stretch>> {
    let (low, high) = match direction {
        Direction::Forward => (from, to),
        Direction::Backward => (to, from),
    };
    let low = match low {
        None | Some(Bound::Start) => None,
        Some(Bound::At(place)) => Some(place),
        // Forward from the end is what comes next; backward to it is the last event.
        Some(Bound::End) => {
            let Some(last) = last(store, axis)? else { return Ok(None) };
            Some(if direction == Direction::Forward { last.saturating_add(1) } else { last })
        }
        Some(Bound::Time(time)) => match first_after(store, axis, |at| at >= time)? {
            Some(place) => Some(place),
            None => return Ok(None),
        },
    };
    let high = match high {
        None | Some(Bound::End) => None,
        Some(Bound::Start) => Some(0),
        Some(Bound::At(place)) => Some(place),
        Some(Bound::Time(time)) => match first_after(store, axis, |at| at > time)? {
            None => None,
            Some(0) => return Ok(None),
            Some(place) => Some(place - 1),
        },
    };
    Ok(Some(Stretch { low, high }))
}

impl Axis<'_> {
    /// One event from a place on, or the last one.
    fn probe(&self, store: &dyn Backend, from: Option<u64>) -> Result<Option<(u64, Timestamp)>> {
        let read = match (self, from) {
            (Self::Stream(stream), Some(from)) => {
                Read::from(ReadStream::new((*stream).clone()).from(Version::new(from)).limit(1))
            }
            (Self::Stream(stream), None) => {
                ReadStream::new((*stream).clone()).backward().limit(1).into()
            }
            (Self::All, Some(from)) => {
                ReadAll::new(Query::all()).from(Position::new(from)).limit(1).into()
            }
            (Self::All, None) => ReadAll::new(Query::all()).backward().limit(1).into(),
        };
        let event = stream::block_on(store.read(read)).next().transpose();
        let event = event.or_fail(|| "the place of a time could not be found")?;
        Ok(event.map(|event| {
            let place = match self {
                Self::Stream(_) => event.version.get(),
                Self::All => event.position.get(),
            };
            (place, event.recorded_at)
        }))
    }
}

fn last(store: &dyn Backend, axis: &Axis<'_>) -> Result<Option<u64>> {
    Ok(axis.probe(store, None)?.map(|(place, _)| place))
}

/// The first place whose time is late enough.
fn first_after(
    store: &dyn Backend,
    axis: &Axis<'_>,
    is_late: impl Fn(Timestamp) -> bool,
) -> Result<Option<u64>> {
    let Some((last, time)) = axis.probe(store, None)? else { return Ok(None) };
    if !is_late(time) {
        return Ok(None);
    }
    // The answer is in `low..=high`, and an event at `high` is late.
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        match axis.probe(store, Some(middle))? {
            Some((place, time)) if place <= high && !is_late(time) => low = place + 1,
            Some((place, _)) if place < high => high = place,
            // Nothing stands between the middle and `high`.
            _ => high = middle,
        }
    }
    Ok(axis.probe(store, Some(low))?.map(|(place, _)| place))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use annals::{Append, EventType, ExpectedVersion, ManualClock, MemoryBackend, NewEvent};
    use futures_lite::future::block_on;

    use super::*;

    /// Events of one stream recorded at seconds 10, 20, 20, 30.
    fn store() -> (MemoryBackend, StreamName) {
        let clock = Arc::new(ManualClock::default());
        let store = MemoryBackend::with_clock(Arc::clone(&clock) as Arc<dyn annals::Clock>);
        let stream = StreamName::new("s").unwrap();
        for second in [10, 20, 20, 30] {
            clock.set(Timestamp::from_micros(second * 1_000_000));
            let event = NewEvent::new(EventType::new("x").unwrap(), "{}");
            let append = Append::to(stream.clone(), ExpectedVersion::Any, [event]);
            block_on(store.append(append)).unwrap();
        }
        (store, stream)
    }

    fn check(
        direction: Direction,
        from: &str,
        to: &str,
        expected: Option<(Option<u64>, Option<u64>)>,
    ) {
        let (store, stream) = store();
        let bound = |text: &str| (!text.is_empty()).then(|| text.parse::<Bound>().unwrap());
        for axis in [Axis::Stream(&stream), Axis::All] {
            let found = resolve(&store, &axis, direction, bound(from), bound(to)).unwrap();
            assert_eq!(found.map(|s| (s.low, s.high)), expected, "{from}..{to}");
        }
    }

    #[test]
    fn numbers_and_ends() {
        use Direction::{Backward, Forward};
        check(Forward, "", "", Some((None, None)));
        check(Forward, "start", "end", Some((None, None)));
        check(Forward, "1", "2", Some((Some(1), Some(2))));
        check(Forward, "end", "", Some((Some(4), None)));
        check(Backward, "end", "start", Some((None, None)));
        check(Backward, "2", "1", Some((Some(1), Some(2))));
        check(Backward, "start", "", Some((None, Some(0))));
        check(Forward, "900", "", Some((Some(900), None)));
    }

    #[test]
    fn times_include_events_recorded_at_them() {
        use Direction::Forward;
        check(Forward, "@1970-01-01T00:00:20Z", "", Some((Some(1), None)));
        check(Forward, "@1970-01-01T00:00:21Z", "", Some((Some(3), None)));
        check(Forward, "@1970-01-01T00:00:00Z", "", Some((Some(0), None)));
        check(Forward, "@1970-01-01T00:00:31Z", "", None);
        check(Forward, "", "@1970-01-01T00:00:20Z", Some((None, Some(2))));
        check(Forward, "", "@1970-01-01T00:00:30Z", Some((None, None)));
        check(Forward, "", "@1970-01-01T00:00:09Z", None);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "-1", "1.5", "middle", "@noon", "99999999999999999999"] {
            assert!(text.parse::<Bound>().is_err(), "{text}");
        }
    }
}
