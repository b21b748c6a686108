//! The settings of a stream: its metadata, kept in its metastream.

use annals_core::{
    Acl, Append, Category, ContentType, ErrorKind,
    ExpectedVersion::{Any, NoStream, StreamExists},
    ReadStream, StreamMetadata, StreamStatus,
};

use crate::{
    Store,
    case::cases,
    words::{at, event, stream, version},
};

cases! { "settings", needs []:
    a_stream_without_settings_has_the_defaults,
    every_setting_comes_back,
    unknown_keys_come_back,
    settings_are_an_event_in_the_metastream,
    settings_count_their_own_versions,
    the_expected_version_is_about_the_settings,
    settings_may_be_written_as_an_event,
    zero_negative_and_wrongly_typed_settings_are_ignored,
    settings_must_be_a_json_object,
    a_metastream_takes_settings_only,
    other_streams_take_no_settings,
    settings_of_settings_are_refused,
    a_stream_with_settings_alone_is_missing_and_has_them,
    refused_settings_change_nothing,
}

fn full() -> StreamMetadata {
    let names = |name: &str| Some(vec![name.to_owned(), "$admins".to_owned()]);
    StreamMetadata {
        max_age_seconds: Some(3_600),
        max_count: Some(100),
        truncate_before: Some(version(1)),
        cache_control_seconds: Some(7),
        acl: Some(Acl {
            read: names("ann"),
            write: names("bob"),
            delete: Some(Vec::new()),
            metadata_read: None,
            metadata_write: names("eve"),
        }),
        ..StreamMetadata::default()
    }
}

fn max_count(count: u64) -> StreamMetadata {
    StreamMetadata { max_count: Some(count), ..StreamMetadata::default() }
}

fn a_stream_without_settings_has_the_defaults(store: &Store) {
    store.write("s", ["a"]);
    let info = store.info_of("s");
    assert_eq!(info.metadata, StreamMetadata::default());
    assert_eq!(info.metadata_version, None);
}

fn every_setting_comes_back(store: &Store) {
    store.write("s", ["a"]);
    store.settings("s", &full());
    assert_eq!(store.info_of("s").metadata, full());
}

fn unknown_keys_come_back(store: &Store) {
    let json = br#"{"$maxCount":3,"mine":{"a":[1,null,"x"]},"$unknown":true}"#;
    let metadata = StreamMetadata::parse(json).expect("a JSON object");
    store.settings("s", &metadata);
    let stored = store.info_of("s").metadata;
    assert_eq!(stored, metadata);
    assert_eq!(stored.custom.len(), 2);
}

fn settings_are_an_event_in_the_metastream(store: &Store) {
    store.write("s", ["a"]);
    let done = store.settings("s", &max_count(3));
    let rows: Vec<_> =
        done.streams.iter().map(|row| (row.stream.clone(), row.first_version)).collect();
    assert_eq!(rows, [(stream("$$s"), Some(version(0)))]);
    let events = store.read(ReadStream::new(stream("$$s")));
    let [written] = events.as_slice() else { panic!("settings are one event") };
    assert_eq!(Some(written.position), done.position);
    assert_eq!(written.content_type, ContentType::Json);
    assert_eq!(written.data, r#"{"$maxCount":3}"#);
    store.check_all("s:a@0 $$s:$metadata@0");
}

fn settings_count_their_own_versions(store: &Store) {
    store.write("s", ["a", "b", "c"]);
    for number in 0..3 {
        store.settings("s", &max_count(number + 1));
        assert_eq!(store.info_of("s").metadata_version, Some(version(number)));
    }
    assert_eq!(store.info_of("s").last_version, Some(version(2)));
    assert_eq!(store.info_of("$$s").last_version, Some(version(2)));
}

fn the_expected_version_is_about_the_settings(store: &Store) {
    store.write("s", ["a", "b", "c"]);
    let refused = |expected| {
        let error =
            store.try_settings("s", expected, &max_count(9)).expect_err("the version is wrong");
        assert_eq!(error.kind(), ErrorKind::WrongExpectedVersion, "{error}");
        let facts = error.wrong_expected_version().expect("a version conflict carries its facts");
        assert_eq!(facts.stream, stream("$$s"));
    };
    let accepted = |expected| {
        store.try_settings("s", expected, &max_count(1)).expect("the version is right");
    };
    refused(at(0));
    refused(at(2));
    refused(StreamExists);
    accepted(NoStream);
    accepted(at(0));
    refused(at(0));
    refused(NoStream);
    accepted(StreamExists);
    accepted(Any);
    assert_eq!(store.info_of("s").metadata_version, Some(version(3)));
}

fn settings_may_be_written_as_an_event(store: &Store) {
    store.write("s", ["a", "b"]);
    let mut settings = event("$metadata");
    settings.data = r#"{ "$maxCount" : 1 }"#.into();
    store.append_to("$$s", NoStream, [settings]);
    store.check_stream("s", "s:b@1");
    let stored = store.read(ReadStream::new(stream("$$s")));
    let data: Vec<_> = stored.iter().map(|event| event.data.clone()).collect();
    assert_eq!(data, [r#"{ "$maxCount" : 1 }"#], "the bytes are kept as written");
}

fn zero_negative_and_wrongly_typed_settings_are_ignored(store: &Store) {
    store.write("s", ["a", "b"]);
    let mut settings = event("$metadata");
    settings.data = r#"{"$maxCount":0,"$maxAge":-1,"$tb":"1","$acl":7}"#.into();
    store.append_to("$$s", Any, [settings]);
    store.check_stream("s", "s:a@0 s:b@1");
    assert_eq!(store.info_of("s").metadata, StreamMetadata::default());
}

fn settings_must_be_a_json_object(store: &Store) {
    for data in ["", "[1]", "7", "null", "{", "\"x\""] {
        let mut settings = event("$metadata");
        settings.data = data.into();
        let append = Append::to(stream("$$s"), Any, [settings]);
        store.refuse(append, ErrorKind::InvalidArgument);
    }
    let binary = annals_core::NewEvent { content_type: ContentType::Binary, ..event("$metadata") };
    store.refuse(Append::to(stream("$$s"), Any, [binary]), ErrorKind::InvalidArgument);
}

fn a_metastream_takes_settings_only(store: &Store) {
    let append = Append::to(stream("$$s"), Any, [event("a")]);
    store.refuse(append, ErrorKind::InvalidArgument);
}

fn other_streams_take_no_settings(store: &Store) {
    for name in ["s", "$s"] {
        let append = Append::to(stream(name), Any, [event("$metadata")]);
        store.refuse(append, ErrorKind::InvalidArgument);
    }
}

fn settings_of_settings_are_refused(store: &Store) {
    let error = store
        .try_settings("$$s", Any, &StreamMetadata::default())
        .expect_err("a metastream has no settings");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

fn a_stream_with_settings_alone_is_missing_and_has_them(store: &Store) {
    store.settings("order-1", &max_count(3));
    let info = store.info_of("order-1");
    assert_eq!((info.status, info.last_version), (StreamStatus::Missing, None));
    assert_eq!((info.metadata, info.metadata_version), (max_count(3), Some(version(0))));
    store.refuse_read("order-1", ErrorKind::StreamNotFound);
    let category: Option<Category> = stream("$$order-1").category();
    assert_eq!(store.streams(category.as_ref().map(Category::as_str)), "$$order-1");
}

fn refused_settings_change_nothing(store: &Store) {
    store.write("s", ["a", "b"]);
    store.settings("s", &max_count(1));
    store.try_settings("s", at(7), &max_count(2)).expect_err("the version is wrong");
    assert_eq!(store.info_of("s").metadata, max_count(1));
    store.check_stream("s", "s:b@1");
}
