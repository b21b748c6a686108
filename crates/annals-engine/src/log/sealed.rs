//! Sealed segments: immutable, mapped on first use, with the table of where each event is.

use std::sync::{Arc, OnceLock};

use annals_core::{Error, ErrorKind, RecordedEvent, Result};
use bytes::Bytes;
use uuid::Uuid;

use crate::{
    error::{corrupted, io_failed},
    format::{
        Damaged,
        frame::FrameHeader,
        manifest::SealedSegment,
        position_table::PositionTable,
        record::{self, Record},
        segment_header::{SEGMENT_HEADER_LEN, SegmentHeader},
    },
    log::{names, scan::Frames},
    storage::Storage,
};

/// A sealed segment as readers use it.
#[derive(Debug)]
pub(crate) struct SealedFile {
    pub(crate) entry: SealedSegment,
    store_id: Uuid,
    storage: Arc<dyn Storage>,
    bytes: OnceLock<Bytes>,
    table: OnceLock<PositionTable>,
}

impl SealedFile {
    /// A segment from the manifest. Nothing is opened yet.
    pub(crate) fn new(storage: Arc<dyn Storage>, store_id: Uuid, entry: SealedSegment) -> Self {
        Self { entry, store_id, storage, bytes: OnceLock::new(), table: OnceLock::new() }
    }

    /// The whole file, mapped.
    pub(crate) fn bytes(&self) -> Result<&Bytes> {
        if let Some(bytes) = self.bytes.get() {
            return Ok(bytes);
        }
        let name = self.name();
        let file = self.storage.open(&name).map_err(|e| io_failed("open a segment", &name, e))?;
        let bytes = file.map(self.entry.bytes).map_err(|e| io_failed("map a segment", &name, e))?;
        let header = bytes
            .first_chunk::<SEGMENT_HEADER_LEN>()
            .ok_or(Damaged("it is shorter than its header"))
            .and_then(SegmentHeader::decode)
            .map_err(|what| corrupted(&name, 0, what))?;
        let is_it = header.store_id == self.store_id
            && header.number == self.entry.number
            && header.first_position == self.entry.first_position;
        if !is_it {
            return Err(corrupted(&name, 0, Damaged("it says that it is another segment")));
        }
        Ok(self.bytes.get_or_init(|| bytes))
    }

    /// The whole file as one reader holds it, with a count of references of its own: events share
    /// the memory they are in, and threads that count on one place wait for each other.
    pub(crate) fn held(&self) -> Result<Bytes> {
        Ok(Bytes::from_owner(self.bytes()?.clone()))
    }

    /// The event at a position, `None` when it was scavenged.
    pub(crate) fn event(&self, position: u64) -> Result<Option<RecordedEvent>> {
        self.event_in(self.bytes()?, position)
    }

    /// The same, sharing the bytes of somebody who holds the file.
    pub(crate) fn event_in(&self, bytes: &Bytes, position: u64) -> Result<Option<RecordedEvent>> {
        let Some(offset) = self.table()?.offset(position) else { return Ok(None) };
        let event = event_at(bytes, offset as usize, position);
        event.map(Some).map_err(|what| corrupted(&self.name(), u64::from(offset), what))
    }

    /// The state record at an offset, with the time of its frame.
    pub(crate) fn state(&self, offset: u32) -> Result<(record::StateRecord, i64)> {
        let bytes = self.bytes()?;
        state_at(bytes, offset as usize)
            .map_err(|what| corrupted(&self.name(), u64::from(offset), what))
    }

    pub(crate) fn name(&self) -> String {
        names::segment(self.entry.number)
    }

    fn table(&self) -> Result<&PositionTable> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        // Whatever is wrong with the file, the table can be built again.
        let table = match stored_table(self.storage.as_ref(), &self.entry) {
            Ok(table) => table,
            Err(_) => self.rebuild_table()?,
        };
        Ok(self.table.get_or_init(|| table))
    }

    fn rebuild_table(&self) -> Result<PositionTable> {
        let table = Bytes::from(self.encoded_table()?);
        // A table that cannot be stored is built again next time; reading goes on all the same.
        let stored = write_table(self.storage.as_ref(), self.entry.number, &table);
        drop(stored);
        PositionTable::decode(&table, self.entry.first_position, self.entry.digest)
            .map_err(|what| corrupted(&self.name(), 0, what))
    }

    /// The position table as it should be, by walking the segment.
    pub(crate) fn encoded_table(&self) -> Result<Vec<u8>> {
        let offsets = self.offsets()?;
        Ok(PositionTable::encode(self.entry.first_position, self.entry.digest, &offsets))
    }

    /// Where each event is, by walking the segment.
    fn offsets(&self) -> Result<Vec<u32>> {
        let count = self.entry.end_position - self.entry.first_position;
        let mut offsets = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
        let mut frames = Frames::of_segment(self.bytes()?.clone());
        while let Some(frame) = frames.next() {
            let (at, frame) =
                frame.map_err(|what| corrupted(&self.name(), frames.offset() as u64, what))?;
            for (offset, body) in &frame.records {
                let offset = at + *offset as usize;
                let record = Record::decode(body)
                    .map_err(|what| corrupted(&self.name(), offset as u64, what))?;
                let Record::Event(event) = record else { continue };
                let index = u64::from(event.place.index);
                let position = frame.header.first_position.saturating_add(index);
                let index = position.checked_sub(self.entry.first_position);
                let slot = index.and_then(|index| offsets.get_mut(usize::try_from(index).ok()?));
                *slot.ok_or_else(|| {
                    let what = Damaged("an event's position lies outside its segment");
                    corrupted(&self.name(), offset as u64, what)
                })? = offset as u32;
            }
        }
        Ok(offsets)
    }
}

/// The position table of a segment, from its file.
pub(crate) fn stored_table(storage: &dyn Storage, entry: &SealedSegment) -> Result<PositionTable> {
    let name = names::position_table(entry.number);
    let map = || {
        let file = storage.open(&name)?;
        file.map(file.size()?)
    };
    let bytes = map().map_err(|error| io_failed("read a position table", &name, error))?;
    PositionTable::decode(&bytes, entry.first_position, entry.digest)
        .map_err(|what| corrupted(&name, 0, what))
}

/// Writes a position table.
pub(crate) fn write_table(storage: &dyn Storage, number: u32, table: &[u8]) -> Result<()> {
    let name = names::position_table(number);
    let write = || {
        match storage.remove(&name) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        let file = storage.create(&name, 0)?;
        file.write_at(0, table)?;
        file.sync()
    };
    write().map_err(|error| io_failed("write a position table", &name, error))
}

/// The event whose record begins at `offset`, checked against the position asked for.
fn event_at(bytes: &Bytes, offset: usize, position: u64) -> Result<RecordedEvent, Damaged> {
    let (record, header) = record_at(bytes, offset)?;
    let Record::Event(event) = record else {
        return Err(Damaged("an event was expected, not state"));
    };
    let event = event.recorded(header.first_position, header.recorded_at)?;
    if event.position.get() != position {
        return Err(Damaged("another event stands where one was expected"));
    }
    Ok(event)
}

fn state_at(bytes: &Bytes, offset: usize) -> Result<(record::StateRecord, i64), Damaged> {
    let (record, header) = record_at(bytes, offset)?;
    let Record::State(state) = record else {
        return Err(Damaged("state was expected, not an event"));
    };
    Ok((state, header.recorded_at))
}

fn record_at(bytes: &Bytes, offset: usize) -> Result<(Record, FrameHeader), Damaged> {
    const OUTSIDE: Damaged = Damaged("a record was expected beyond the end");
    if offset > bytes.len() {
        return Err(OUTSIDE);
    }
    let record = Record::decode(&record::checked(&bytes.slice(offset..))?)?;
    let back = match &record {
        Record::Event(event) => event.place.back,
        Record::State(state) => state.back,
        Record::Origin(_) => return Err(Damaged("an event or state was expected, not an origin")),
    };
    let frame = offset.checked_sub(back as usize).ok_or(OUTSIDE)?;
    let header = FrameHeader::decode(bytes, frame)?;
    Ok((record, header))
}

/// The sealed segment that holds a position.
pub(crate) fn find(segments: &[Arc<SealedFile>], position: u64) -> Result<&Arc<SealedFile>> {
    let after = segments.partition_point(|segment| segment.entry.first_position <= position);
    let found = after.checked_sub(1).and_then(|index| segments.get(index));
    found.filter(|segment| position < segment.entry.end_position).ok_or_else(|| {
        Error::new(ErrorKind::Internal, format!("no segment holds position {position}"))
    })
}
