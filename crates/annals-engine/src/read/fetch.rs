//! From positions to events, with few reads.

use std::sync::Arc;

use annals_core::{RecordedEvent, Result};
use bytes::Bytes;

use super::snapshot::PageLimit;
use crate::{
    index::{
        memory::{EventPlace, FramePlace, MemorySegment},
        view::View,
    },
    log::sealed::{self, SealedFile},
};

/// Most bytes read from an open segment at once.
const SPAN_BYTES: u32 = 256 * 1024;
/// Bytes between two events that are rather read along than skipped with another call.
const GAP_BYTES: u32 = 4 * 1024;

/// The events at ascending positions, until the page is full. Gives back how many positions were
/// looked at, which is more than the events where some were scavenged.
pub(crate) fn fetch(
    view: &View,
    positions: &[u64],
    limit: PageLimit,
    events: &mut Vec<RecordedEvent>,
) -> Result<usize> {
    let mut bytes = 0;
    let mut done = 0;
    let mut take = |event: RecordedEvent, events: &mut Vec<RecordedEvent>| {
        bytes += event.data.len() + event.metadata.as_bytes().len();
        events.push(event);
        bytes >= limit.bytes || events.len() >= limit.events
    };
    let mut held: Option<(&Arc<SealedFile>, Bytes)> = None;
    while let Some(rest) = positions.get(done..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.first().copied() else { break };
        match view.memory_segment(first) {
            None => {
                done += 1;
                let segment = sealed::find(&view.sealed, first)?;
                let (_, bytes) = match held.take().filter(|(of, _)| Arc::ptr_eq(of, segment)) {
                    Some(same) => held.insert(same),
                    None => held.insert((segment, segment.held()?)),
                };
                if let Some(event) = segment.event_in(bytes, first)?
                    && take(event, events)
                {
                    return Ok(done);
                }
            }
            Some(segment) => {
                let run = Run::new(segment, rest);
                for event in run.read(segment)? {
                    done += 1;
                    if take(event?, events) {
                        return Ok(done);
                    }
                }
            }
        }
    }
    Ok(done)
}

/// Events of an open segment that are read together.
struct Run {
    places: Vec<(EventPlace, FramePlace)>,
}

impl Run {
    fn new(segment: &MemorySegment, positions: &[u64]) -> Self {
        let index = segment.index.read();
        let mut places: Vec<(EventPlace, FramePlace)> = Vec::new();
        for position in positions {
            let place = usize::try_from(position.saturating_sub(segment.first_position));
            let Some(found) = place.ok().and_then(|place| index.event(place)) else { break };
            let is_near = |(first, last): (&EventPlace, &EventPlace)| {
                let last_end = last.offset + last.len;
                found.0.offset >= last_end
                    && found.0.offset - last_end <= GAP_BYTES
                    && found.0.offset + found.0.len - first.offset <= SPAN_BYTES
            };
            let ends = places.first().map(|(p, _)| p).zip(places.last().map(|(p, _)| p));
            if ends.is_some_and(|ends| !is_near(ends)) {
                break;
            }
            places.push(found);
        }
        Self { places }
    }

    /// Reads the run's bytes at once; its events share them.
    fn read(
        self,
        segment: &Arc<MemorySegment>,
    ) -> Result<impl Iterator<Item = Result<RecordedEvent>>> {
        let start = self.places.first().map_or(0, |(place, _)| place.offset);
        let end = self.places.last().map_or(start, |(place, _)| place.offset + place.len);
        if self.places.is_empty() {
            return Err(annals_core::Error::new(
                annals_core::ErrorKind::Internal,
                "an event below the head is not in the index of its segment",
            ));
        }
        let bytes = segment.read(start, end - start)?;
        Ok(self.places.into_iter().map(move |(place, frame)| {
            let at = (place.offset - start) as usize;
            segment.decode(&bytes.slice(at..at + place.len as usize), place, frame)
        }))
    }
}
