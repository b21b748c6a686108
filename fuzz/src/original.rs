//! A small store that is right: what mutations start from and answers are compared with.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use annals_core::{
    Append, Error, EventId, EventType, ExpectedVersion, ManualClock, Name, NewEvent, Position,
    Query, ReadAll, RecordedEvent, Result, StateExpected, StateKey, StatePut, StreamName, Tag,
    Tags, Timestamp,
};
use annals_engine::{Engine, Options, storage::MemoryStorage};
use uuid::Uuid;

/// Commits in the store: enough for several sealed segments and an open one with many.
const COMMITS: u64 = 30;
/// Whose checkpoint is kept in the store.
pub(crate) const READER: &str = "reader";
const SEGMENT_HEADER_LEN: usize = 64;

/// A small store that is right.
#[derive(Debug)]
pub(crate) struct Original {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The path of the segment that was open.
    pub(crate) last: String,
    /// The commits in that segment.
    pub(crate) frames: Vec<Frame>,
    /// The position of the first event in that segment.
    pub(crate) sealed_end: u64,
    /// Every event, by position.
    pub(crate) events: Vec<RecordedEvent>,
    /// Files of its index, by path in the index's folder.
    pub(crate) index: Vec<(PathBuf, Vec<u8>)>,
}

/// A commit in the open segment.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) begin: usize,
    pub(crate) end: usize,
    /// Up to where it vouches for the segment.
    pub(crate) durable: usize,
    /// The position after its last event.
    pub(crate) end_position: u64,
}

/// The store, made on first use.
pub(crate) fn get() -> &'static Original {
    static ORIGINAL: OnceLock<Original> = OnceLock::new();
    ORIGINAL.get_or_init(|| make().expect("the store of the fuzz targets can be made"))
}

/// How the store is opened: tiny segments, and nothing random.
pub(crate) fn options() -> Options {
    Options {
        clock: Arc::new(ManualClock::at(Timestamp::from_micros(1_000_000))),
        segment_bytes_first: 512,
        segment_bytes_max: 2_048,
        index_cache_bytes: 64 * 1024,
        store_id: Some(Uuid::from_u128(1)),
        hash_seed: Some(2),
        ..Options::default()
    }
}

fn make() -> Result<Original> {
    let failed = |error| Error::invalid("the index cannot be kept").caused_by(error);
    let dir = tempfile::tempdir().map_err(failed)?;
    let index_dir = dir.path().join("index");
    let storage = Arc::new(MemoryStorage::new());
    let engine = Engine::open_with(storage.clone(), index_dir.clone(), options())?;
    for number in 0..COMMITS {
        commit(&engine, number)?;
    }
    let events = engine.read(ReadAll::new(Query::all()))?.collect::<Result<Vec<_>>>()?;
    engine.close()?;
    let files = storage.contents();
    let segments = files.keys().filter(|path| path.ends_with(".seg"));
    let last = segments.max().cloned().unwrap_or_default();
    let frames = frames(files.get(&last).map_or(&[], Vec::as_slice));
    let index = crate::segment_recover::files_below(&index_dir).map_err(failed)?;
    let sealed_end = number(files.get(&last).map_or(&[], Vec::as_slice), 32);
    assert!(frames.len() >= 3, "the open segment has {} commits", frames.len());
    assert!(sealed_end > 0, "nothing is sealed");
    Ok(Original { files, last, frames, sealed_end, events, index })
}

/// One to three events in one or two streams; now and then keyed state.
fn commit(engine: &Engine, number: u64) -> Result<()> {
    if has_checkpoint(number) {
        let key = StateKey::checkpoint(Name::new(READER)?);
        let value = Some(StatePut::checkpoint_value(Position::new(number)));
        engine.put_state(StatePut { key, expected: StateExpected::Any, value })?;
    }
    let stream = StreamName::new(format!("account-{}", number % 4))?;
    let events = (0..=number % 2).map(|part| event(number * 10 + part));
    let mut append = Append::to(stream, ExpectedVersion::Any, events.collect::<Result<Vec<_>>>()?);
    if number.is_multiple_of(5) {
        append =
            append.and(StreamName::new("audit")?, ExpectedVersion::Any, [event(number * 10 + 9)?]);
    }
    engine.append(append).map(drop)
}

/// Whether the commit of this number has the checkpoint of this number with it.
pub(crate) const fn has_checkpoint(number: u64) -> bool {
    number < COMMITS && number % 7 == 3
}

/// An event that follows from a number.
pub(crate) fn event(number: u64) -> Result<NewEvent> {
    let tags = Tags::new([Tag::new(format!("parity:{}", number % 2))?])?;
    let id = EventId::derived(Uuid::from_u128(9), &number.to_le_bytes());
    let data = format!("{{\"n\":{number}}}");
    Ok(NewEvent::new(EventType::new("counted")?, data).with_id(id).with_tags(tags))
}

/// The commits of a segment that is right; see docs/design/format.md.
fn frames(segment: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut begin = SEGMENT_HEADER_LEN;
    while segment.get(begin..begin + 4) == Some(b"ANF1".as_slice()) {
        let end = begin + number_u32(segment, begin + 8);
        let events = number_u32(segment, begin + 32) as u64;
        let end_position = number(segment, begin + 16) + events;
        let durable = number_u32(segment, begin + 12);
        frames.push(Frame { begin, end, durable, end_position });
        begin = end;
    }
    frames
}

fn number_u32(bytes: &[u8], at: usize) -> usize {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    field.map_or(0, |field| u32::from_le_bytes(*field) as usize)
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
    field.map_or(0, |field| u64::from_le_bytes(*field))
}
