//! A store with one of everything, and everything it says when asked.
//!
//! The fixtures of the disk format are made by this workload, so it never changes. A store that
//! needs something else gets it from the test that needs it.

use std::{collections::BTreeSet, fmt::Write as _, path::Path, sync::Arc};

use annals_core::*;
use annals_engine::{Engine, Options};

/// When the workload begins.
const BEGIN: i64 = 1_700_000_000_000_000;
const HOUR: i64 = 3_600_000_000;

/// Everything that a store is made of is fixed, its clock included.
pub(crate) fn fixed() -> (Options, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_micros(BEGIN)));
    let options = Options {
        clock: Arc::<ManualClock>::clone(&clock),
        segment_bytes_first: 1_024,
        segment_bytes_max: 4_096,
        store_id: Some(uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)),
        hash_seed: Some(0x5eed),
        ..Options::default()
    };
    (options, clock)
}

/// The options with which a store made by this workload is opened again, later.
pub(crate) fn later() -> Options {
    let (options, clock) = fixed();
    clock.advance_micros(1_000 * HOUR);
    options
}

/// A new store with one of everything, closed.
pub(crate) fn create(dir: &Path) {
    let (options, clock) = fixed();
    let engine = Engine::open(dir, options).unwrap();
    let writer = Writer { engine, clock };
    writer.accounts();
    writer.forms();
    writer.many_streams();
    writer.settings_and_deletions();
    writer.state();
    writer.more_accounts();
    writer.engine.close().unwrap();
}

struct Writer {
    engine: Engine,
    clock: Arc<ManualClock>,
}

fn id(number: u128) -> EventId {
    EventId::new(uuid::Uuid::from_u128((0xe0_u128 << 120) + number)).unwrap()
}

fn stream(name: &str) -> StreamName {
    StreamName::new(name.to_owned()).unwrap()
}

fn event(number: u128, event_type: &'static str, data: impl Into<bytes::Bytes>) -> NewEvent {
    NewEvent::new(EventType::new(event_type).unwrap(), data).with_id(id(number))
}

fn tags(tags: &[&str]) -> Tags {
    Tags::new(tags.iter().map(|tag| Tag::new((*tag).to_owned()).unwrap())).unwrap()
}

fn name(text: &'static str) -> Name {
    Name::new(text).unwrap()
}

impl Writer {
    fn append(&self, append: Append) {
        self.clock.advance_micros(HOUR);
        let done = self.engine.append(append).unwrap();
        assert!(!done.duplicate);
    }

    fn to(&self, to: &str, event: NewEvent) {
        self.append(Append::to(stream(to), ExpectedVersion::Any, [event]));
    }

    fn put(&self, kind: StateKind, name: &'static str, value: Option<&'static [u8]>) {
        self.clock.advance_micros(1);
        let key = StateKey { kind, name: self::name(name) };
        let value = value.map(Into::into);
        self.engine.put_state(StatePut { key, expected: StateExpected::Any, value }).unwrap();
    }

    fn delete(&self, of: &str, mode: DeleteMode) {
        self.clock.advance_micros(HOUR);
        let delete = DeleteStream { stream: stream(of), expected: ExpectedVersion::Any, mode };
        self.engine.delete_stream(delete).unwrap();
    }

    /// Events like any others, over several segments.
    fn accounts(&self) {
        for number in 0..24 {
            let account = format!("account-{}", number % 4);
            let event_type = if number < 4 { "opened" } else { "deposited" };
            let data = format!("{{\"account\":{},\"cents\":{}}}", number % 4, number * 100);
            let (account_tag, even) = (format!("account:{}", number % 4), number % 2 == 0);
            let all = [account_tag.as_str(), "even"];
            let event = event(number, event_type, data);
            self.to(&account, event.with_tags(tags(&all[..if even { 2 } else { 1 }])));
        }
    }

    /// Every field of an event in every form.
    fn forms(&self) {
        let time = Some(Timestamp::from_micros(-BEGIN));
        let metadata = |text: &'static str| Metadata::new(text.as_bytes());
        let plain = |number| event(number, "formed", "{}");
        self.to("form-time", NewEvent { time, ..plain(100) });
        self.to("form-schema", NewEvent { schema_version: 7, ..plain(101) });
        self.to("form-binary", {
            let bytes: Vec<u8> = (0..=255).collect();
            NewEvent { content_type: ContentType::Binary, data: bytes.into(), ..plain(102) }
        });
        let cbor = ContentType::new("application/cbor").unwrap();
        self.to("form-cbor", NewEvent { content_type: cbor, ..plain(103) });
        self.to("form-empty", NewEvent { data: bytes::Bytes::new(), ..plain(104) });
        let correlated = metadata("{\"$correlationId\":\"c-1\",\"userId\":\"ann\"}");
        self.to("form-metadata", plain(105).with_metadata(correlated.clone()));
        self.to("form-metadata", plain(106).with_metadata(metadata("not json")));
        self.to("form", plain(107).with_metadata(correlated).with_tags(tags(&["even"])));
        self.to(
            "formul\u{e4}r-\u{1f4dd}",
            plain(108).with_tags(tags(&["gr\u{f6}\u{df}e:\u{2192}"])),
        );
        // Larger than any segment, so that it gets one of its own.
        self.to("form-large", event(109, "formed", vec![b'x'; 6_000]));
    }

    /// One commit to several streams, under a condition and with a checkpoint.
    fn many_streams(&self) {
        let paid = event(200, "transferred", "{\"cents\":-5}").with_tags(tags(&["transfer:1"]));
        let got = event(201, "transferred", "{\"cents\":5}").with_tags(tags(&["transfer:1"]));
        let also = event(202, "noted", "{}");
        let transfer = Query::any_of([QueryItem::tags([Tag::new("transfer:1").unwrap()])]).unwrap();
        let append = Append::to(stream("account-0"), ExpectedVersion::StreamExists, [paid, also])
            .and(stream("account-9"), ExpectedVersion::NoStream, [got])
            .unless(transfer, None)
            .checkpoint(name("transfers"), Position::new(3));
        self.append(Append { interleaving: vec![0, 1, 0], ..append });
        self.append(Append::default().checkpoint(name("transfers"), Position::new(30)));
    }

    fn settings_and_deletions(&self) {
        let settings = |number, json: &'static str| NewEvent {
            event_type: EventType::METADATA,
            ..event(number, "x", json)
        };
        self.to("$$account-0", settings(300, "{\"$maxCount\":3,\"own\":[1]}"));
        self.to("$$never-written", settings(301, "{\"$maxAge\":60}"));
        self.to("$$account-0", settings(302, "{\"$maxCount\":2,\"$acl\":{\"$r\":[\"ann\"]}}"));
        self.delete("account-1", DeleteMode::Soft);
        self.delete("account-2", DeleteMode::Soft);
        self.to("account-2", event(303, "opened", "{\"again\":true}"));
        self.delete("account-3", DeleteMode::Tombstone);
        self.delete("never-there", DeleteMode::Tombstone);
    }

    /// State alone, enough to fill a segment without any event.
    fn state(&self) {
        self.put(StateKind::Snapshot, "account-0", Some(b"{\"cents\":1}"));
        self.put(StateKind::Snapshot, "account-4", Some(b""));
        self.put(StateKind::Snapshot, "account-0", Some(b"{\"cents\":2}"));
        self.put(StateKind::Lease, "transfers", Some(b"node-1"));
        self.put(StateKind::Lease, "gone", Some(b"node-1"));
        self.put(StateKind::Lease, "gone", None);
        self.put(StateKind::Checkpoint, "by-hand", Some(&[0, 0, 0, 0, 0, 0, 0, 9]));
        for _ in 0..8 {
            self.put(StateKind::Snapshot, "filler", Some(&[b'f'; 1_500]));
        }
        self.put(StateKind::Snapshot, "filler", Some(b"last"));
    }

    /// The same streams, further on.
    fn more_accounts(&self) {
        for number in 0..300_u128 {
            let account = format!("account-{}", 10 + number % 3);
            let data = format!("{{\"n\":{number}}}");
            self.clock.advance_micros(1);
            let event = event(400 + number, "counted", data).with_tags(tags(&["counted"]));
            self.engine
                .append(Append::to(stream(&account), ExpectedVersion::Any, [event]))
                .unwrap();
        }
    }
}

/// Everything a store says, as text. What can be asked for in several ways is asked for in all of
/// them, and must be the same.
pub(crate) fn contents(engine: &Engine) -> Result<String> {
    let events: Vec<_> = engine.read(ReadAll::new(Query::all()))?.collect::<Result<_>>()?;
    let mut text = String::new();
    for event in &events {
        writeln!(text, "{}", shown(event)).unwrap();
    }
    check_order(engine, &events)?;
    check_queries(engine, &events)?;
    let mut names: BTreeSet<StreamName> = events.iter().map(|e| e.stream.clone()).collect();
    names.extend(events.iter().filter_map(|e| e.stream.metastream_of()));
    for name in &names {
        writeln!(text, "{}", shown_stream(&engine.stream_info(name)?)).unwrap();
        writeln!(text, "  {}", readable(engine, name, &events)?).unwrap();
    }
    for kind in StateKind::ALL {
        for entry in engine.states(kind, "")? {
            assert_eq!(engine.state(&entry.key)?.as_ref(), Some(&entry));
            let StateEntry { key, revision, value, recorded_at } = entry;
            let (kind, name, value) = (key.kind.as_str(), key.name, bytes_shown(&value));
            writeln!(text, "{kind} {name} revision {revision} at {recorded_at}: {value}").unwrap();
        }
    }
    let info = engine.info()?;
    writeln!(text, "{} events in {} streams", info.events, info.streams).unwrap();
    Ok(text)
}

fn shown(event: &RecordedEvent) -> String {
    let RecordedEvent { id, stream, version, position, event_type, schema_version, .. } = event;
    let RecordedEvent { content_type, tags, time, recorded_at, metadata, data, .. } = event;
    let mut text = format!(
        "{position} {stream} {version} {event_type} v{schema_version} {id} {content_type} at \
         {recorded_at}"
    );
    if time != recorded_at {
        write!(text, " happened {time}").unwrap();
    }
    for tag in tags {
        write!(text, " tag {tag}").unwrap();
    }
    if !metadata.as_bytes().is_empty() {
        write!(text, " metadata {}", bytes_shown(metadata.as_bytes())).unwrap();
    }
    if let Some(correlation) = metadata.correlation() {
        write!(text, " correlation {correlation}").unwrap();
    }
    write!(text, " data {}", bytes_shown(data)).unwrap();
    text
}

fn shown_stream(info: &StreamInfo) -> String {
    let StreamInfo { stream, status, last_version, first_version, .. } = info;
    let status = match status {
        StreamStatus::Missing => "missing",
        StreamStatus::Live => "live",
        StreamStatus::SoftDeleted => "deleted",
        StreamStatus::Tombstoned => "tombstoned",
    };
    let mut text = format!("stream {stream} is {status}, begins at {first_version}");
    if let Some(last) = last_version {
        write!(text, ", ends at {last}").unwrap();
    }
    if let Some(last) = info.last_recorded_at {
        write!(text, " of {last}").unwrap();
    }
    if let Some(version) = info.metadata_version {
        let settings = String::from_utf8_lossy(&info.metadata.to_json()).into_owned();
        write!(text, ", settings {version}: {settings}").unwrap();
    }
    text
}

fn bytes_shown(bytes: &[u8]) -> String {
    if bytes.len() <= 80 {
        return format!("`{}`", bytes.escape_ascii());
    }
    format!("{} bytes, CRC-32C {:08x}", bytes.len(), crc32c::crc32c(bytes))
}

fn check_order(engine: &Engine, events: &[RecordedEvent]) -> Result<()> {
    let backward: Vec<_> =
        engine.read(ReadAll::new(Query::all()).backward())?.collect::<Result<_>>()?;
    assert!(backward.iter().rev().eq(events), "backward is not forward turned around");
    for (position, event) in (0..).zip(events) {
        assert_eq!(event.position, Position::new(position));
    }
    let middle = Position::new(events.len() as u64 / 2);
    let from: Vec<_> =
        engine.read(ReadAll::new(Query::all()).from(middle))?.collect::<Result<_>>()?;
    assert_eq!(from, events[events.len() / 2..]);
    let mut names = BTreeSet::new();
    let mut from = Some(0);
    while let Some(at) = from {
        let (page, next) = engine.stream_names(None, at)?;
        names.extend(page);
        from = next;
    }
    let begun = events.iter().filter(|event| event.version == Version::FIRST);
    assert_eq!(names, begun.map(|event| event.stream.clone()).collect());
    Ok(())
}

/// Every query that asks for one thing, and some that ask for two.
fn check_queries(engine: &Engine, events: &[RecordedEvent]) -> Result<()> {
    let mut items = BTreeSet::new();
    let mut put = |item: QueryItem| items.insert(format!("{item:?}")).then_some(item);
    let mut queries = Vec::new();
    for event in events {
        let by_type = QueryItem::types([event.event_type.clone()]);
        let streams = vec![StreamSelector::Stream(event.stream.clone())];
        let by_stream = QueryItem { streams, ..QueryItem::default() };
        let by_category = event.stream.category().map(QueryItem::category);
        let by_correlation = event
            .metadata
            .correlation()
            .map(|id| QueryItem { correlation: Some(id.clone()), ..QueryItem::default() });
        let by_tags = event.tags.into_iter().map(|tag| QueryItem::tags([tag.clone()]));
        let type_and_tag = event.tags.into_iter().map(|tag| QueryItem {
            types: vec![event.event_type.clone()],
            ..QueryItem::tags([tag.clone()])
        });
        let both = QueryItem { types: by_type.types.clone(), ..by_stream.clone() };
        let one = [Some(by_type), Some(by_stream), by_category, by_correlation, Some(both)];
        let found = one.into_iter().flatten().chain(by_tags).chain(type_and_tag);
        queries.extend(found.filter_map(&mut put).map(|item| Query::any_of([item]).unwrap()));
    }
    let halves = queries.chunks(2).filter(|pair| pair.len() == 2);
    let either = halves.map(|pair| {
        Query::any_of(pair.iter().flat_map(|query| query.items().iter().cloned())).unwrap()
    });
    let either: Vec<_> = either.collect();
    for query in queries.iter().chain(&either) {
        let wanted: Vec<_> = events.iter().filter(|event| query.matches(event)).collect();
        let found: Vec<_> = engine.read(ReadAll::new(query.clone()))?.collect::<Result<_>>()?;
        assert!(found.iter().eq(wanted.iter().copied()), "{query:?}");
        let newest = engine.read(ReadAll::new(query.clone()).backward().limit(1))?.next();
        assert_eq!(newest.transpose()?.as_ref(), wanted.last().copied(), "{query:?}");
    }
    Ok(())
}

/// Which versions of a stream can be read. They must be those of the whole store.
fn readable(engine: &Engine, name: &StreamName, events: &[RecordedEvent]) -> Result<String> {
    let forward = match engine.read(ReadStream::new(name.clone())) {
        Err(error)
            if matches!(error.kind(), ErrorKind::StreamNotFound | ErrorKind::StreamDeleted) =>
        {
            return Ok(error.kind().code().to_owned());
        }
        read => read?.collect::<Result<Vec<_>>>()?,
    };
    let backward: Vec<_> =
        engine.read(ReadStream::new(name.clone()).backward())?.collect::<Result<_>>()?;
    assert!(backward.iter().rev().eq(&forward), "{name}");
    let of_stream = events.iter().filter(|event| event.stream == *name);
    let newest: Vec<_> = of_stream.skip_while(|event| Some(*event) != forward.first()).collect();
    assert!(forward.iter().eq(newest), "{name}");
    for event in forward.iter().step_by(7) {
        let from = ReadStream::new(name.clone()).from(event.version).limit(1);
        assert_eq!(engine.read(from)?.next().transpose()?.as_ref(), Some(event), "{name}");
    }
    let ends = forward.first().zip(forward.last());
    Ok(match ends {
        Some((first, last)) => format!("readable {}..={}", first.version, last.version),
        None => "nothing is left to read".to_owned(),
    })
}
