//! Tombstones: the stream is closed for good.

use annals_core::{
    Append,
    DeleteMode::{Soft, Tombstone},
    ErrorKind, EventType,
    ExpectedVersion::{Any, NoStream, StreamExists},
    Query, ReadAll, StreamMetadata, StreamStatus, Version,
};

use crate::{
    Store,
    case::cases,
    words::{at, event, events, stream, version},
};

cases! { "tombstone", needs []:
    a_tombstoned_stream_cannot_be_read,
    a_tombstoned_stream_takes_no_append,
    a_tombstoned_stream_cannot_be_deleted_again,
    a_tombstoned_stream_has_no_settings_any_more,
    tombstoning_checks_the_expected_version,
    a_missing_stream_can_be_tombstoned,
    a_deleted_stream_can_be_tombstoned,
    a_stream_of_settings_cannot_be_deleted_itself,
    the_tombstone_is_the_last_event_in_the_whole_store,
    the_status_says_tombstoned,
    a_retry_is_refused_after_the_tombstone,
    other_streams_are_not_touched,
}

fn a_tombstoned_stream_cannot_be_read(store: &Store) {
    store.write("s", ["a"]);
    store.tombstone("s");
    store.refuse_read("s", ErrorKind::StreamDeleted);
}

fn a_tombstoned_stream_takes_no_append(store: &Store) {
    store.write("s", ["a"]);
    store.tombstone("s");
    for expected in [Any, NoStream, StreamExists, at(0), at(1), at(Version::DELETED.get())] {
        let append = Append::to(stream("s"), expected, [event("b")]);
        store.refuse(append, ErrorKind::StreamDeleted);
        store.refuse(Append::to(stream("s"), expected, []), ErrorKind::StreamDeleted);
    }
}

fn a_tombstoned_stream_cannot_be_deleted_again(store: &Store) {
    store.write("s", ["a"]);
    store.tombstone("s");
    for mode in [Soft, Tombstone] {
        for expected in [Any, NoStream, StreamExists, at(0)] {
            store.refuse_delete("s", expected, mode, ErrorKind::StreamDeleted);
        }
    }
}

fn a_tombstoned_stream_has_no_settings_any_more(store: &Store) {
    store.write("s", ["a"]);
    store.settings("s", &StreamMetadata { max_count: Some(1), ..StreamMetadata::default() });
    store.tombstone("s");
    store.refuse_read("$$s", ErrorKind::StreamDeleted);
    for expected in [Any, NoStream, at(0)] {
        let error = store
            .try_settings("s", expected, &StreamMetadata::default())
            .expect_err("a tombstoned stream takes no settings");
        assert_eq!(error.kind(), ErrorKind::StreamDeleted);
    }
}

fn tombstoning_checks_the_expected_version(store: &Store) {
    store.write("s", ["a", "b"]);
    for wrong in [NoStream, at(0), at(2)] {
        store.refuse_delete("s", wrong, Tombstone, ErrorKind::WrongExpectedVersion);
    }
    store.check_stream("s", "s:a@0 s:b@1");
    for right in [Any, StreamExists, at(1)] {
        let name = format!("{right}");
        store.write(&name, ["a", "b"]);
        store.try_delete(&name, right, Tombstone).expect("the version is right");
        store.refuse_read(&name, ErrorKind::StreamDeleted);
    }
}

fn a_missing_stream_can_be_tombstoned(store: &Store) {
    for wrong in [StreamExists, at(0)] {
        store.refuse_delete("s", wrong, Tombstone, ErrorKind::WrongExpectedVersion);
    }
    for expected in [Any, NoStream] {
        let name = format!("{expected}");
        store.try_delete(&name, expected, Tombstone).expect("a missing stream may be closed");
        store.refuse_read(&name, ErrorKind::StreamDeleted);
        let append = Append::to(stream(&name), Any, [event("a")]);
        store.refuse(append, ErrorKind::StreamDeleted);
    }
}

fn a_deleted_stream_can_be_tombstoned(store: &Store) {
    store.write("s", ["a"]);
    store.delete("s");
    store.tombstone("s");
    store.refuse_read("s", ErrorKind::StreamDeleted);
    store.refuse(Append::to(stream("s"), Any, [event("b")]), ErrorKind::StreamDeleted);
}

fn a_stream_of_settings_cannot_be_deleted_itself(store: &Store) {
    store.settings("s", &StreamMetadata::default());
    for mode in [Soft, Tombstone] {
        store.refuse_delete("$$s", Any, mode, ErrorKind::InvalidArgument);
    }
}

fn the_tombstone_is_the_last_event_in_the_whole_store(store: &Store) {
    store.write("s", ["a"]);
    let done = store.tombstone("s");
    assert_eq!(store.head(), Some(done.position));
    let events = store.read(ReadAll::new(Query::all()));
    let [_, last] = events.as_slice() else { panic!("an event and its tombstone") };
    assert_eq!(last.stream, stream("s"));
    assert_eq!(last.event_type, EventType::STREAM_DELETED);
    assert_eq!(last.version, Version::DELETED);
    assert_eq!(last.position, done.position);
    assert!(last.data.is_empty() && last.tags.as_slice().is_empty());
}

fn the_status_says_tombstoned(store: &Store) {
    store.write("s", ["a", "b"]);
    store.tombstone("s");
    let info = store.info_of("s");
    assert_eq!(info.status, StreamStatus::Tombstoned);
    assert_eq!(info.last_version, Some(version(1)));
    assert_eq!(info.last_recorded_at, None);
}

fn a_retry_is_refused_after_the_tombstone(store: &Store) {
    let append = Append::to(stream("s"), NoStream, events(["a", "b"]));
    store.append(append.clone());
    store.tombstone("s");
    store.refuse(append, ErrorKind::StreamDeleted);
}

fn other_streams_are_not_touched(store: &Store) {
    for name in ["s", "s-1", "s2"] {
        store.write(name, ["a"]);
    }
    store.tombstone("s");
    store.write("s-1", ["b"]);
    store.check_stream("s-1", "s-1:a@0 s-1:b@1");
    store.check_stream("s2", "s2:a@0");
}
