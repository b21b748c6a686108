//! The places that events get here.

use std::{cmp, collections::HashMap};

use annals::{
    Backend, Position, ReadStream, RecordedEvent, Result, StreamMetadata, StreamName, Timestamp,
    Version,
};
use futures_lite::{StreamExt, future::block_on};

use super::begin::Begun;

/// Gives events their places, one after the other.
///
/// Every stream that is met is remembered with two numbers, so memory grows with the number of
/// streams: about 100 bytes for each and its name.
pub(super) struct Numbering<'a> {
    source: &'a dyn Backend,
    target: &'a dyn Backend,
    /// Whether the target had events of the source before.
    goes_on: bool,
    next: Position,
    newest: Timestamp,
    streams: HashMap<StreamName, Numbers>,
    /// How many events got another version than they had.
    pub(super) renumbered: u64,
}

/// The next versions of a stream on both sides.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    here: u64,
    /// Not known before an event of it came.
    there: Option<u64>,
}

impl<'a> Numbering<'a> {
    pub(super) fn new(source: &'a dyn Backend, target: &'a dyn Backend, begun: &Begun) -> Self {
        Self {
            source,
            target,
            goes_on: begun.present > 0,
            next: Position::new(begun.present),
            newest: begun.recorded_at,
            streams: HashMap::new(),
            renumbered: 0,
        }
    }

    /// The time of the newest event.
    pub(super) const fn newest(&self) -> Timestamp {
        self.newest
    }

    /// An event as it is to be recorded here.
    pub(super) fn place(&mut self, mut event: RecordedEvent) -> Result<RecordedEvent> {
        // The end of a stream has a version of its own.
        if event.version != Version::DELETED {
            event = self.numbered(event)?;
        }
        self.newest = cmp::max(self.newest, event.recorded_at);
        event.recorded_at = self.newest;
        event.position = self.next;
        self.next = self.next.next();
        Ok(event)
    }

    fn numbered(&mut self, mut event: RecordedEvent) -> Result<RecordedEvent> {
        if let Some(of) = event.stream.metastream_of() {
            event = self.settings(&of, event)?;
        }
        let there = event.version.next().get();
        let numbers = self.numbers(&event.stream)?;
        event.version = Version::new(numbers.here);
        numbers.here += 1;
        numbers.there = Some(there);
        self.renumbered += u64::from(event.version.next().get() != there);
        Ok(event)
    }

    fn numbers(&mut self, stream: &StreamName) -> Result<&mut Numbers> {
        if !self.streams.contains_key(stream) {
            let here = if self.goes_on {
                let last = block_on(self.target.stream_info(stream))?.last_version;
                last.map_or(0, |last| last.next().get())
            } else {
                0
            };
            // A copy, because the name would keep the whole message that it came in.
            let name = StreamName::new(stream.as_str().to_owned())?;
            self.streams.insert(name, Numbers { here, there: None });
        }
        let nothing = Numbers { here: 0, there: None };
        Ok(self.streams.entry(stream.clone()).or_insert(nothing))
    }

    /// Settings whose `$tb` means the same event as it did there. Where that event is not known the
    /// setting is left out: what is seen too much can be hidden again, what is hidden may be missed.
    fn settings(&mut self, of: &StreamName, event: RecordedEvent) -> Result<RecordedEvent> {
        let settings = StreamMetadata::parse(&event.data).ok();
        let moving = settings.filter(|settings| !settings.is_deleted());
        let Some(mut settings) = moving.filter(|settings| settings.truncate_before.is_some())
        else {
            return Ok(event);
        };
        let numbers = *self.numbers(of)?;
        let there = match numbers.there {
            None if self.is_whole(of, numbers.here)? => Some(numbers.here),
            there => there,
        };
        if there == Some(numbers.here) {
            return Ok(event);
        }
        let moved = settings.truncate_before.zip(there).map(|(before, there)| {
            let (before, here) = (before.get(), numbers.here);
            if before <= there {
                here.saturating_sub(there - before)
            } else {
                here.saturating_add(before - there)
            }
        });
        settings.truncate_before = moved.filter(|before| *before > 0).map(Version::new);
        Ok(RecordedEvent { data: settings.to_json(), ..event })
    }

    /// Whether the events of a stream that were taken over before have the versions they had.
    fn is_whole(&self, stream: &StreamName, here: u64) -> Result<bool> {
        let Some(last) = here.checked_sub(1).map(Version::new) else { return Ok(false) };
        let at = ReadStream::new(stream.clone()).from(last).limit(1);
        let id = |of: &dyn Backend| {
            let event = block_on(of.read(at.clone().into()).next());
            event.and_then(Result::ok).filter(|event| event.version == last).map(|event| event.id)
        };
        Ok(id(self.source).is_some_and(|there| Some(there) == id(self.target)))
    }
}

#[cfg(test)]
mod tests;
