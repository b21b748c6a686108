//! What the suite does not show: what is refused because nobody could keep it, what a closed handle
//! answers, and how events look that other clients wrote.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../../annals-remote/tests/served/mod.rs"]
mod served;

use std::{net::SocketAddr, sync::Arc};

use annals_core::{
    Append, Backend, Category, ContentType, DeleteMode, DeleteStream, Error, ErrorKind, EventType,
    ExpectedVersion, MemoryBackend, Metadata, Name, NewEvent, Position, Query, QueryItem, Read,
    ReadAll, ReadStream, RecordedEvent, Restore, Result, StateKey, StateKind, StatePut, StreamName,
    Subscribe, SubscribeStart, Tag, Tags, Timestamp,
};
use annals_kurrentdb::{KurrentDb, Options};
use futures_lite::{StreamExt, future::block_on};
use served::Running;

/// A server over a store in memory, that store, and a handle through the protocol.
struct Served {
    direct: Arc<dyn Backend>,
    store: KurrentDb,
    _running: Running,
}

fn served() -> Served {
    let direct: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
    let running = Running::start(Arc::clone(&direct), SocketAddr::from(([127, 0, 0, 1], 0)));
    let url = format!("kurrentdb://{}?tls=false", running.address());
    let store = block_on(KurrentDb::open(&url, Options::default())).unwrap();
    Served { direct, store, _running: running }
}

fn stream(name: &'static str) -> StreamName {
    StreamName::new(name).unwrap()
}

fn event() -> NewEvent {
    NewEvent::new(EventType::new("happened").unwrap(), "{}")
}

fn to(name: &'static str, event: NewEvent) -> Append {
    Append::to(stream(name), ExpectedVersion::Any, [event])
}

fn all(store: &dyn Backend) -> Vec<RecordedEvent> {
    let read = Read::All(ReadAll::new(Query::all()));
    block_on(store.read(read).try_collect()).unwrap()
}

#[track_caller]
fn check<T: std::fmt::Debug>(done: Result<T>, kind: ErrorKind, hint: &str) {
    let error: Error = done.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(hint), "{error}");
}

#[test]
fn what_the_server_would_drop_without_a_word_is_refused_with_what_to_try() {
    let served = served();
    let store = &served.store;
    let tags = Tags::new([Tag::new("a:1").unwrap()]).unwrap();
    let cbor = ContentType::new("application/cbor").unwrap();
    let name = Name::new("reader").unwrap();
    for (append, hint) in [
        (to("s", NewEvent { time: Some(Timestamp::from_micros(1)), ..event() }), "metadata"),
        (to("s", NewEvent { schema_version: 2, ..event() }), "schema version 2"),
        (to("s", NewEvent { content_type: cbor, ..event() }), "application/octet-stream"),
        (to("s", event().with_tags(tags)), "`$tags`"),
        (to("s", event()).and(stream("t"), ExpectedVersion::Any, [event()]), "not for 2"),
        (to("s", event()).unless(Query::all(), None), "expect a version"),
        (to("s", event()).checkpoint(name, Position::new(1)), "annals copy"),
    ] {
        check(block_on(store.append(append)), ErrorKind::Unsupported, hint);
    }
    assert!(all(store).is_empty());
    let restored = block_on(store.restore(Restore::default()));
    check(restored, ErrorKind::Unsupported, "append them");
    check(block_on(store.info()), ErrorKind::Unsupported, "head");
}

#[test]
fn tags_stand_in_the_metadata_and_come_back_as_tags() {
    let served = served();
    let (direct, store) = (&served.direct, &served.store);
    let tags = Tags::new([Tag::new("a:1").unwrap(), Tag::new("b").unwrap()]).unwrap();
    let metadata = r#"{"$tags":["a:1","b"],"userId":"ann"}"#;
    let tagged = event().with_metadata(Metadata::new(metadata)).with_tags(tags.clone());
    block_on(store.append(to("s", tagged))).unwrap();
    let odd = event().with_metadata(Metadata::new("no JSON, and no $tags"));
    block_on(store.append(to("s", odd))).unwrap();
    let [first, second] = all(store).try_into().unwrap();
    assert_eq!((&first.tags, first.metadata.as_bytes().as_ref()), (&tags, metadata.as_bytes()));
    assert_eq!(second.tags, Tags::none());
    let query = Query::any_of([QueryItem::tags([Tag::new("b").unwrap()])]).unwrap();
    let found: Vec<_> =
        block_on(direct.read(Read::All(ReadAll::new(query.clone()))).try_collect()).unwrap();
    assert_eq!(found.len(), 1, "the server knows them");
    let asked = block_on(store.read(Read::All(ReadAll::new(query))).next()).unwrap();
    check(asked, ErrorKind::Unsupported, "by tags");
}

#[test]
fn positions_are_those_of_the_server_and_lead_back_to_their_events() {
    let served = served();
    let (direct, store) = (&served.direct, &served.store);
    for _ in 0..3 {
        block_on(store.append(to("s", event()))).unwrap();
    }
    let (through, inside) = (all(store), all(direct.as_ref()));
    for (through, inside) in through.iter().zip(&inside) {
        assert_eq!(through.position, inside.position.next());
        assert_eq!((through.id, through.recorded_at), (inside.id, inside.recorded_at));
        let at = Read::All(ReadAll::new(Query::all()).from(through.position).limit(1));
        let found = block_on(store.read(at).next()).unwrap().unwrap();
        assert_eq!(found.id, inside.id);
    }
    assert_eq!(through.last().map(|event| event.position), block_on(store.head()).unwrap());
}

#[test]
fn streams_of_the_system_are_left_out_unless_they_are_named() {
    let served = served();
    let (direct, store) = (&served.direct, &served.store);
    for name in ["$stuff-1", "shop-1"] {
        block_on(direct.append(to(name, event()))).unwrap();
    }
    let streams = |events: Vec<RecordedEvent>| -> Vec<String> {
        events.iter().map(|event| event.stream.to_string()).collect()
    };
    assert_eq!(streams(all(store)), ["shop-1"]);
    let category = QueryItem::category(Category::new("$stuff").unwrap());
    let query = Query::any_of([category]).unwrap();
    let named = block_on(store.read(Read::All(ReadAll::new(query))).try_collect()).unwrap();
    assert_eq!(streams(named), ["$stuff-1"]);
    let read = Read::Stream(ReadStream::new(stream("$stuff-1")));
    assert_eq!(block_on(store.read(read).count()), 1);
}

#[test]
fn a_closed_handle_answers_every_call_with_that() {
    let served = served();
    let store = &served.store;
    block_on(store.append(to("s", event()))).unwrap();
    let mut open = store.subscribe(Subscribe::all(Query::all(), SubscribeStart::End));
    block_on(open.next()).unwrap().unwrap();
    block_on(store.close()).unwrap();
    block_on(store.close()).unwrap();
    let closed = ErrorKind::Closed;
    let key = StateKey::checkpoint(Name::new("reader").unwrap());
    let delete = DeleteStream {
        stream: stream("s"),
        expected: ExpectedVersion::Any,
        mode: DeleteMode::Soft,
    };
    let put = StatePut { key: key.clone(), expected: annals_core::StateExpected::Any, value: None };
    let subscribe = Subscribe::all(Query::all(), SubscribeStart::Beginning);
    check(block_on(open.next()).unwrap(), closed, "");
    check(block_on(store.append(to("s", event()))), closed, "");
    check(block_on(store.delete_stream(delete)), closed, "");
    check(block_on(store.read(ReadStream::new(stream("s")).into()).next()).unwrap(), closed, "");
    check(block_on(store.subscribe(subscribe).next()).unwrap(), closed, "");
    check(block_on(store.head()), closed, "");
    check(block_on(store.stream_info(&stream("s"))), closed, "");
    check(block_on(store.streams(None).next()).unwrap(), closed, "");
    check(block_on(store.state(&key)), closed, "");
    check(block_on(store.put_state(put)), closed, "");
    check(block_on(store.states(StateKind::Checkpoint, "").next()).unwrap(), closed, "");
    check(block_on(store.info()), closed, "");
}
