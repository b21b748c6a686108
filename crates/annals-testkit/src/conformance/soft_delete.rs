//! Soft delete: the stream is gone until the next append, which numbers on.

use annals_core::{
    Append,
    DeleteMode::Soft,
    ErrorKind,
    ExpectedVersion::{Any, NoStream, StreamExists},
    StreamMetadata, StreamStatus, Version,
};

use crate::{
    Store,
    case::cases,
    words::{at, event, events, stream, version},
};

cases! { "soft_delete", needs []:
    a_deleted_stream_is_not_found,
    the_next_append_numbers_on,
    old_events_stay_hidden_after_the_stream_came_back,
    a_deleted_stream_takes_these_expected_versions,
    a_deleted_stream_does_not_exist,
    another_exact_version_is_a_conflict,
    an_append_without_events_brings_the_stream_back,
    deleting_checks_the_expected_version,
    a_missing_stream_cannot_be_deleted,
    a_stream_with_settings_alone_can_be_deleted,
    a_deleted_stream_may_be_deleted_again,
    deleting_replaces_the_settings,
    coming_back_keeps_settings_that_were_made_with_the_deletion,
    new_settings_bring_the_stream_back_with_its_events,
    deleted_events_stay_in_the_whole_store,
    the_answer_names_the_position_of_the_deletion,
    the_status_says_deleted_and_the_last_version_stays,
    a_stream_can_be_deleted_and_brought_back_many_times,
    a_retry_is_recognized_while_the_stream_is_deleted,
    streams_next_to_it_are_not_touched,
}

const DELETED: &str = r#"{"$tb":9223372036854775807}"#;

fn deleted(store: &Store) {
    store.write("s", ["a", "b"]);
    store.delete("s");
}

fn a_deleted_stream_is_not_found(store: &Store) {
    deleted(store);
    store.refuse_read("s", ErrorKind::StreamNotFound);
}

fn the_next_append_numbers_on(store: &Store) {
    deleted(store);
    let done = store.write("s", ["c", "d"]);
    let first = done.streams.first().and_then(|of_stream| of_stream.first_version);
    assert_eq!(first, Some(version(2)));
    assert_eq!(done.position, store.head());
}

fn old_events_stay_hidden_after_the_stream_came_back(store: &Store) {
    deleted(store);
    store.write("s", ["c"]);
    store.check_stream("s", "s:c@2");
    store.write("s", ["d"]);
    store.check_stream("s", "s:c@2 s:d@3");
    assert_eq!(store.info_of("s").first_version, version(2));
}

fn a_deleted_stream_takes_these_expected_versions(store: &Store) {
    for expected in [Any, NoStream, at(1)] {
        let name = format!("{expected}");
        store.write(&name, ["a", "b"]);
        store.delete(&name);
        store.append_to(&name, expected, [event("c")]);
        store.check_stream(&name, &format!("{name}:c@2"));
    }
}

fn a_deleted_stream_does_not_exist(store: &Store) {
    deleted(store);
    let append = Append::to(stream("s"), StreamExists, [event("c")]);
    store.refuse(append, ErrorKind::StreamDeleted);
    store.refuse(Append::to(stream("s"), StreamExists, []), ErrorKind::StreamDeleted);
}

fn another_exact_version_is_a_conflict(store: &Store) {
    deleted(store);
    for other in [0, 2, Version::DELETED.get()] {
        store.refuse_version(Append::to(stream("s"), at(other), [event("c")]), "s", Some(1));
    }
}

fn an_append_without_events_brings_the_stream_back(store: &Store) {
    deleted(store);
    let done = store.append_to("s", Any, []);
    assert_eq!(done.position, store.head());
    store.check_stream("s", "");
    assert_eq!(store.info_of("s").status, StreamStatus::Live);
    store.append_to("s", at(1), [event("c")]);
    store.check_stream("s", "s:c@2");
}

fn deleting_checks_the_expected_version(store: &Store) {
    store.write("s", ["a", "b"]);
    for wrong in [NoStream, at(0), at(2)] {
        let error = store.refuse_delete("s", wrong, Soft, ErrorKind::WrongExpectedVersion);
        let facts = error.wrong_expected_version().expect("a version conflict carries its facts");
        assert_eq!((facts.expected, facts.actual), (wrong, Some(version(1))));
    }
    store.check_stream("s", "s:a@0 s:b@1");
    for right in [Any, StreamExists, at(1)] {
        let name = format!("{right}");
        store.write(&name, ["a", "b"]);
        store.try_delete(&name, right, Soft).expect("the version is right");
        store.refuse_read(&name, ErrorKind::StreamNotFound);
    }
}

fn a_missing_stream_cannot_be_deleted(store: &Store) {
    for expected in [Any, NoStream, StreamExists, at(0)] {
        let error = store.refuse_delete("s", expected, Soft, ErrorKind::WrongExpectedVersion);
        let facts = error.wrong_expected_version().expect("a version conflict carries its facts");
        assert_eq!(facts.actual, None);
    }
}

fn a_stream_with_settings_alone_can_be_deleted(store: &Store) {
    for expected in [Any, NoStream] {
        let name = format!("{expected}");
        store.settings(&name, &StreamMetadata { max_count: Some(1), ..Default::default() });
        store.try_delete(&name, expected, Soft).expect("it has settings");
        store.append_to(&name, NoStream, [event("a")]);
        store.check_stream(&name, &format!("{name}:a@0"));
    }
}

fn a_deleted_stream_may_be_deleted_again(store: &Store) {
    deleted(store);
    for expected in [Any, NoStream, at(1)] {
        store.try_delete("s", expected, Soft).expect("a deleted stream may be deleted again");
    }
    store.refuse_delete("s", StreamExists, Soft, ErrorKind::WrongExpectedVersion);
    store.refuse_read("s", ErrorKind::StreamNotFound);
}

fn deleting_replaces_the_settings(store: &Store) {
    store.write("s", ["a"]);
    store.settings("s", &StreamMetadata { max_count: Some(9), ..StreamMetadata::default() });
    store.delete("s");
    let settings = store.read(annals_core::ReadStream::new(stream("$$s")));
    let shown: Vec<_> = settings.iter().map(|event| event.data.clone()).collect();
    assert_eq!(shown, [DELETED]);
    store.write("s", ["b"]);
    let expected =
        StreamMetadata { truncate_before: Some(version(1)), ..StreamMetadata::default() };
    assert_eq!(store.info_of("s").metadata, expected);
}

fn coming_back_keeps_settings_that_were_made_with_the_deletion(store: &Store) {
    store.write("s", ["a", "b"]);
    let settings = StreamMetadata { max_count: Some(1), ..StreamMetadata::deleted() };
    store.settings("s", &settings);
    store.refuse_read("s", ErrorKind::StreamNotFound);
    store.append_to("s", Any, events(["c", "d"]));
    store.check_stream("s", "s:d@3");
    let expected = StreamMetadata { truncate_before: Some(version(2)), ..settings };
    assert_eq!(store.info_of("s").metadata, expected);
}

fn new_settings_bring_the_stream_back_with_its_events(store: &Store) {
    deleted(store);
    store.settings("s", &StreamMetadata::default());
    store.check_stream("s", "s:a@0 s:b@1");
}

fn deleted_events_stay_in_the_whole_store(store: &Store) {
    deleted(store);
    store.check_all("s:a@0 s:b@1 $$s:$metadata@0");
    store.write("s", ["c"]);
    store.check_all("s:a@0 s:b@1 $$s:$metadata@0 $$s:$metadata@1 s:c@2");
}

fn the_answer_names_the_position_of_the_deletion(store: &Store) {
    store.write("s", ["a"]);
    let deleted = store.delete("s");
    assert_eq!(Some(deleted.position), store.head());
    let settings = store.read(annals_core::ReadStream::new(stream("$$s")));
    assert_eq!(settings.first().map(|event| event.position), Some(deleted.position));
}

fn the_status_says_deleted_and_the_last_version_stays(store: &Store) {
    deleted(store);
    let info = store.info_of("s");
    assert_eq!(info.status, StreamStatus::SoftDeleted);
    assert_eq!(info.last_version, Some(version(1)));
    assert_eq!(info.last_recorded_at, None);
    assert!(info.metadata.is_deleted());
}

fn a_stream_can_be_deleted_and_brought_back_many_times(store: &Store) {
    for round in 0..5 {
        store.write("s", ["a"]);
        store.check_stream("s", &format!("s:a@{round}"));
        store.delete("s");
        store.refuse_read("s", ErrorKind::StreamNotFound);
    }
}

fn a_retry_is_recognized_while_the_stream_is_deleted(store: &Store) {
    let append = Append::to(stream("s"), NoStream, events(["a", "b"]));
    store.append(append.clone());
    store.delete("s");
    assert!(store.append(append).duplicate);
    store.refuse_read("s", ErrorKind::StreamNotFound);
}

fn streams_next_to_it_are_not_touched(store: &Store) {
    for name in ["s", "s-1", "s2"] {
        store.write(name, ["a"]);
    }
    store.delete("s");
    store.check_stream("s-1", "s-1:a@0");
    store.check_stream("s2", "s2:a@0");
}
