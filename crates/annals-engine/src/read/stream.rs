//! A page of one stream.

use annals_core::{
    Direction, Error, ErrorKind, RecordedEvent, Result, StreamName, Timestamp, Version,
};

use super::{
    all::Stretch,
    fetch::fetch,
    snapshot::{PageLimit, Snapshot},
};
use crate::index::term::Term;

/// Reads the next events of a stretch of versions, and says what is left of it. The stretch has
/// been cut to what is readable and exists.
pub(crate) fn page(
    snapshot: &Snapshot,
    stream: &StreamName,
    stretch: Stretch,
    direction: Direction,
    limit: PageLimit,
) -> Result<(Vec<RecordedEvent>, Stretch)> {
    if stretch.is_empty() || limit.events == 0 {
        return Ok((Vec::new(), Stretch { low: 1, high: 0 }));
    }
    let most = (limit.events - 1) as u64;
    let part = match direction {
        Direction::Forward => Stretch {
            high: std::cmp::min(stretch.high, stretch.low.saturating_add(most)),
            ..stretch
        },
        Direction::Backward => Stretch {
            low: std::cmp::max(stretch.low, stretch.high.saturating_sub(most)),
            ..stretch
        },
    };
    let term = snapshot.terms.stream(stream);
    let positions = positions(snapshot, term, part)?;
    let mut events = Vec::with_capacity(positions.len());
    let bytes = match direction {
        Direction::Forward => limit.bytes,
        // A stretch read backward is fetched whole, because it is turned around afterwards.
        Direction::Backward => usize::MAX,
    };
    let done = fetch(&snapshot.view, &positions, PageLimit { bytes, ..limit }, &mut events)?;
    for (event, version) in events.iter().zip(part.low..) {
        check(event, stream, version)?;
    }
    let left = match direction {
        Direction::Forward => match part.low.checked_add(done as u64) {
            Some(low) => Stretch { low, high: stretch.high },
            None => Stretch { low: 1, high: 0 },
        },
        Direction::Backward => {
            events.reverse();
            match part.low.checked_sub(1) {
                Some(high) => Stretch { low: stretch.low, high },
                None => Stretch { low: 1, high: 0 },
            }
        }
    };
    Ok((events, left))
}

/// The positions of a stretch of versions, ascending, as far as they lie below the head.
fn positions(snapshot: &Snapshot, stream: Term, part: Stretch) -> Result<Vec<u64>> {
    let count = usize::try_from(part.high - part.low).unwrap_or(usize::MAX).saturating_add(1);
    let mut positions = Vec::with_capacity(count);
    while positions.len() < count {
        let version = part.low + positions.len() as u64;
        let found = snapshot.view.positions_from(stream, version)?;
        let before = positions.len();
        let visible = found.into_iter().take_while(|position| *position < snapshot.end);
        positions.extend(visible.take(count - before));
        if positions.len() == before {
            break;
        }
    }
    Ok(positions)
}

/// The lists are of hashes; an event of another stream would mean that two names share one.
fn check(event: &RecordedEvent, stream: &StreamName, version: u64) -> Result<()> {
    if event.stream == *stream && event.version.get() == version {
        return Ok(());
    }
    let message = format!(
        "version {version} of stream `{stream}` leads to version {} of stream `{}`",
        event.version, event.stream
    );
    Err(Error::new(ErrorKind::Internal, message).with("stream", stream))
}

/// The first version recorded at or after a time, between two versions. Times never decrease
/// along a stream, so halving finds it.
pub(crate) fn first_not_before(
    snapshot: &Snapshot,
    stream: &StreamName,
    stretch: Stretch,
    not_before: Timestamp,
) -> Result<u64> {
    let term = snapshot.terms.stream(stream);
    let (mut low, mut high) = (stretch.low, stretch.high.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(position) = snapshot.view.position_of(term, Version::new(middle))? else { break };
        if snapshot.view.event(position)?.recorded_at < not_before {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
