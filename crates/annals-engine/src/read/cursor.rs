//! A read in progress: which part is left, page after page.

use annals_core::{
    Direction, Error, Position, Read, ReadAll, ReadStream, RecordedEvent, Result, Timestamp,
    Version, rules::Retention,
};

use super::{
    all::{self, Stretch},
    snapshot::{PageLimit, Snapshot},
    stream,
};

/// A read in progress. Holds no resources between pages.
#[derive(Debug)]
pub(crate) struct ReadCursor {
    read: Read,
    left: Stretch,
    limit: Option<u64>,
}

impl ReadCursor {
    /// Begins a read: fixes its end, and finds out whether a stream can be read at all.
    pub(crate) fn begin(read: Read, snapshot: &Snapshot, now: Timestamp) -> Result<Self> {
        let (left, limit) = match &read {
            Read::All(read) => (begin_all(read, snapshot), read.limit),
            Read::Stream(read) => (begin_stream(read, snapshot, now)?, read.limit),
        };
        Ok(Self { read, left, limit })
    }

    /// Whether nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.left.is_empty() || self.limit == Some(0)
    }

    /// The next events. An empty page does not mean the end; [`is_done`](Self::is_done) does.
    pub(crate) fn page(
        &mut self,
        snapshot: &Snapshot,
        limit: PageLimit,
    ) -> Result<Vec<RecordedEvent>> {
        let limit = limit.at_most(self.limit);
        let (events, left) = match &self.read {
            Read::All(read) => all::page(snapshot, &read.query, self.left, read.direction, limit)?,
            Read::Stream(read) => {
                stream::page(snapshot, &read.stream, self.left, read.direction, limit)?
            }
        };
        self.left = left;
        self.limit = self.limit.map(|limit| limit.saturating_sub(events.len() as u64));
        Ok(events)
    }
}

/// The stretch between two ends, of which the direction decides which is the lower.
fn between(direction: Direction, from: Option<u64>, to: Option<u64>) -> Stretch {
    let (low, high) = match direction {
        Direction::Forward => (from, to),
        Direction::Backward => (to, from),
    };
    Stretch { low: low.unwrap_or(0), high: high.unwrap_or(u64::MAX) }
}

/// The part of a stretch that lies between two numbers, both included.
fn cut(stretch: Stretch, low: u64, high: Option<u64>) -> Stretch {
    let Some(high) = high else { return Stretch { low: 1, high: 0 } };
    Stretch { low: std::cmp::max(stretch.low, low), high: std::cmp::min(stretch.high, high) }
}

fn begin_all(read: &ReadAll, snapshot: &Snapshot) -> Stretch {
    let ends = |position: Option<Position>| position.map(Position::get);
    let stretch = between(read.direction, ends(read.from), ends(read.to));
    cut(stretch, 0, snapshot.end.checked_sub(1))
}

fn begin_stream(read: &ReadStream, snapshot: &Snapshot, now: Timestamp) -> Result<Stretch> {
    let entry = snapshot.head(&read.stream)?;
    let lane = entry.to_stream_head().lane(&read.stream);
    if lane.is_tombstoned {
        return Err(Error::stream_deleted(&read.stream));
    }
    if lane.last.is_none() || lane.is_soft_deleted {
        return Err(Error::stream_not_found(&read.stream));
    }
    readable(read, &entry, snapshot, now)
}

/// The versions of a stretch that exist and that retention leaves.
pub(crate) fn readable(
    read: &ReadStream,
    entry: &crate::index::head::HeadEntry,
    snapshot: &Snapshot,
    now: Timestamp,
) -> Result<Stretch> {
    let ends = |version: Option<Version>| version.map(Version::get);
    let stretch = between(read.direction, ends(read.from), ends(read.to));
    let head = entry.to_stream_head();
    let retention = Retention::of(&read.stream, &head, now);
    let last = head.lane(&read.stream).last;
    let mut left = cut(stretch, retention.first.get(), last.map(Version::get));
    if let Some(not_before) = retention.not_before
        && !left.is_empty()
    {
        left.low = stream::first_not_before(snapshot, &read.stream, left, not_before)?;
    }
    Ok(left)
}
