//! What is known without reading events: streams by name, their state, and the store as a whole.

use annals_core::{ExpectedVersion::Any, StreamMetadata, StreamStatus, Version};
use futures_lite::future::block_on;

use crate::{
    Store,
    case::cases,
    store::BEGINNING,
    words::{SECOND, many, version},
};

cases! { "listing", needs []:
    streams_are_listed_in_the_order_of_their_first_event,
    streams_of_a_category_are_listed,
    deleted_streams_and_metastreams_are_listed,
    an_empty_store_has_no_streams,
    thousands_of_streams_are_listed,
    a_missing_stream_has_a_status,
    a_live_stream_has_its_last_version_and_time,
    a_metastream_has_a_status_of_its_own,
    the_store_counts_its_events_and_streams,
    the_head_is_the_position_of_the_newest_event,
}

fn streams_are_listed_in_the_order_of_their_first_event(store: &Store) {
    for name in ["t-1", "s", "t-2", "s", "t-1"] {
        store.write(name, ["a"]);
    }
    assert_eq!(store.streams(None), "t-1 s t-2");
}

fn streams_of_a_category_are_listed(store: &Store) {
    for name in ["t-2", "t", "t-1", "tt-1", "t-2", "t-1-1"] {
        store.write(name, ["a"]);
    }
    assert_eq!(store.streams(Some("t")), "t-2 t-1 t-1-1");
    assert_eq!(store.streams(Some("u")), "");
}

fn deleted_streams_and_metastreams_are_listed(store: &Store) {
    store.write("s", ["a"]);
    store.write("t", ["a"]);
    store.settings("u", &StreamMetadata::default());
    store.delete("s");
    store.tombstone("t");
    assert_eq!(store.streams(None), "s t $$u $$s");
}

fn an_empty_store_has_no_streams(store: &Store) {
    assert_eq!(store.streams(None), "");
    assert_eq!(store.streams(Some("s")), "");
}

fn thousands_of_streams_are_listed(store: &Store) {
    let names: Vec<_> = (0..2_000).map(|number| format!("s-{}", number * 7_919 % 2_000)).collect();
    for name in &names {
        store.append_to(name, Any, many(1, "a"));
    }
    assert_eq!(store.streams(None), names.join(" "));
    assert_eq!(store.streams(Some("s")), names.join(" "));
}

fn a_missing_stream_has_a_status(store: &Store) {
    let info = store.info_of("s");
    assert_eq!(info.status, StreamStatus::Missing);
    assert_eq!((info.last_version, info.last_recorded_at), (None, None));
    assert_eq!(info.first_version, Version::FIRST);
}

fn a_live_stream_has_its_last_version_and_time(store: &Store) {
    store.write("s", ["a", "b"]);
    store.clock().advance_micros(SECOND);
    store.write("s", ["c"]);
    store.clock().advance_micros(SECOND);
    store.write("t", ["d"]);
    let info = store.info_of("s");
    assert_eq!(info.status, StreamStatus::Live);
    assert_eq!(info.last_version, Some(version(2)));
    let time = info.last_recorded_at.map(annals_core::Timestamp::as_micros);
    assert_eq!(time, Some(BEGINNING.as_micros() + SECOND));
}

fn a_metastream_has_a_status_of_its_own(store: &Store) {
    store.write("s", ["a", "b"]);
    assert_eq!(store.info_of("$$s").status, StreamStatus::Missing);
    store.settings("s", &StreamMetadata { max_count: Some(1), ..StreamMetadata::default() });
    let info = store.info_of("$$s");
    assert_eq!(info.status, StreamStatus::Live);
    assert_eq!(info.last_version, Some(version(0)));
    assert_eq!((info.metadata, info.metadata_version), (StreamMetadata::default(), None));
}

fn the_store_counts_its_events_and_streams(store: &Store) {
    let info = || block_on(store.backend().info()).expect("the store knows itself");
    let empty = info();
    assert_eq!((empty.events, empty.streams, empty.head), (0, 0, None));
    assert!(!empty.backend.is_empty());
    store.write("s", ["a", "b"]);
    store.write("t", ["c"]);
    store.settings("s", &StreamMetadata::default());
    let filled = info();
    assert_eq!((filled.events, filled.streams), (4, 3));
    assert_eq!(filled.head, store.head());
    assert_eq!(filled.store_id, empty.store_id);
}

fn the_head_is_the_position_of_the_newest_event(store: &Store) {
    assert_eq!(store.head(), None);
    let mut before = None;
    for _ in 0..3 {
        let done = store.write("s", ["a", "b"]);
        assert_eq!(store.head(), done.position);
        assert!(before < done.position);
        before = done.position;
    }
}
