//! Data and metadata come back byte for byte, whatever they are.

use annals_core::{
    ContentType, ExpectedVersion::Any, Metadata, NewEvent, Query, ReadAll, ReadStream, limits,
};
use bytes::Bytes;

use crate::{
    Store,
    case::cases,
    words::{event, event_type, id, stream},
};

cases! { "payloads", needs []:
    empty_data_stays_empty,
    every_byte_value_comes_back,
    data_that_is_not_text_comes_back_with_any_content_type,
    data_is_not_tidied_up,
    metadata_comes_back_whatever_it_is,
    the_correlation_id_comes_back,
    content_types_come_back,
    schema_versions_come_back,
    ids_come_back,
    names_of_all_languages_come_back,
    names_at_their_limit_come_back,
    an_event_of_a_megabyte_comes_back,
    events_of_all_small_sizes_come_back,
    a_large_append_of_mixed_sizes_comes_back,
}

/// What was written is what is read, from the stream and from the whole store.
#[track_caller]
fn check(store: &Store, written: &[NewEvent]) {
    store.append_to("s", Any, written.iter().cloned());
    let of_stream = store.read(ReadStream::new(stream("s")));
    let of_all = store.read(ReadAll::new(Query::all()));
    assert!(of_stream == of_all, "both reads give the same events");
    assert_eq!(of_stream.len(), written.len());
    for (read, written) in of_stream.iter().zip(written) {
        let name = format!("event {}", written.id);
        assert_eq!(read.id, written.id);
        assert!(read.data == written.data, "{name}: the data differ");
        assert_eq!(read.metadata, written.metadata, "{name}");
        assert_eq!(read.content_type, written.content_type, "{name}");
        assert_eq!(read.event_type, written.event_type, "{name}");
        assert_eq!(read.schema_version, written.schema_version, "{name}");
        assert_eq!(read.tags, written.tags, "{name}");
    }
}

fn of_data(data: impl Into<Bytes>) -> NewEvent {
    NewEvent { data: data.into(), ..event("a") }
}

fn empty_data_stays_empty(store: &Store) {
    check(store, &[of_data(""), of_data("x"), of_data("")]);
}

fn every_byte_value_comes_back(store: &Store) {
    let all: Vec<u8> = (0..=255).collect();
    let single = all.iter().map(|byte| of_data(vec![*byte]));
    check(store, &single.chain([of_data(all.clone())]).collect::<Vec<_>>());
}

fn data_that_is_not_text_comes_back_with_any_content_type(store: &Store) {
    let bytes: &[u8] = b"\xff\xfe\x00\xc3\x28\x80";
    let types = [ContentType::Json, ContentType::Binary, ContentType::Other("text/plain".into())];
    let written =
        types.map(|content_type| NewEvent { content_type, ..of_data(Bytes::from_static(bytes)) });
    check(store, &written);
}

fn data_is_not_tidied_up(store: &Store) {
    let texts = [" {} ", "{\"b\":1,\"a\":1,\"b\":2}", "1.0", "\"\\u00e9\"", "\u{feff}{}", "\r\n"];
    check(store, &texts.map(of_data));
}

fn metadata_comes_back_whatever_it_is(store: &Store) {
    let texts: [&'static [u8]; 5] = [b"", b"{}", b" {\"a\":1}", b"not json", b"\xff\x00"];
    check(store, &texts.map(|bytes| event("a").with_metadata(Metadata::new(bytes))));
}

fn the_correlation_id_comes_back(store: &Store) {
    let metadata = Metadata::new(r#"{"$causationId":"c","$correlationId":"order \"7\""}"#);
    check(store, &[event("a").with_metadata(metadata)]);
    let events = store.read(ReadStream::new(stream("s")));
    let ids: Vec<_> = events.iter().filter_map(|event| event.metadata.correlation()).collect();
    assert_eq!(ids, ["order \"7\""]);
}

fn content_types_come_back(store: &Store) {
    let other = |text: &str| ContentType::new(text.to_owned()).expect("a media type");
    let types = [
        ContentType::Json,
        ContentType::Binary,
        other("application/cbor"),
        other(&"x".repeat(128)),
    ];
    check(store, &types.map(|content_type| NewEvent { content_type, ..event("a") }));
}

fn schema_versions_come_back(store: &Store) {
    let versions = [0, 1, 2, 255, 256, 65_536, u32::MAX];
    check(store, &versions.map(|schema_version| NewEvent { schema_version, ..event("a") }));
}

fn ids_come_back(store: &Store) {
    let all_set = annals_core::EventId::from_stored([0xff; 16]);
    check(
        store,
        &[
            event("a").with_id(id(0)),
            event("a").with_id(id(u64::MAX)),
            event("a"),
            event("a").with_id(all_set),
        ],
    );
}

fn names_of_all_languages_come_back(store: &Store) {
    let names = [
        "\u{416}\u{443}\u{440}\u{43d}\u{430}\u{43b}-1",
        "\u{8a02}\u{55ae}-1",
        "\u{1f4d2}-1",
        "a b-1",
        "/../-1",
        "%-1",
        "'\"-1",
    ];
    for name in names {
        store.append_to(name, Any, [NewEvent { event_type: event_type(name), ..event("a") }]);
        store.check(ReadStream::new(stream(name)), &format!("{name}:{name}@0"));
    }
}

fn names_at_their_limit_come_back(store: &Store) {
    let name = format!("s-{}", "n".repeat(limits::STREAM_NAME_BYTES_MAX - 2));
    let of_type = "t".repeat(limits::EVENT_TYPE_BYTES_MAX);
    store.write(&name, [of_type.as_str()]);
    store.check_stream(&name, &format!("{name}:{of_type}@0"));
    let shorter = name.get(..limits::STREAM_NAME_BYTES_MAX - 1).expect("the name is ASCII");
    store.refuse_read(shorter, annals_core::ErrorKind::StreamNotFound);
}

/// Bytes that repeat only after a long time.
fn noise(len: usize) -> Bytes {
    (0..len).map(|at| (at.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

fn an_event_of_a_megabyte_comes_back(store: &Store) {
    check(store, &[of_data("before"), of_data(noise(1_000_003)), of_data("after")]);
}

fn events_of_all_small_sizes_come_back(store: &Store) {
    let written: Vec<_> = (0..600).map(|len| of_data(noise(len))).collect();
    check(store, &written);
}

fn a_large_append_of_mixed_sizes_comes_back(store: &Store) {
    let sizes = [0, 300_000, 1, 4_096, 65_536, 511, 512, 513, 1_000_000, 7];
    check(store, &sizes.map(|len| of_data(noise(len))));
}
