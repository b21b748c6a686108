//! What was written is there again, across many segments and reopenings.

use annals_core::*;

use crate::support::*;

/// Streams of five events each, over many segments.
fn fill(engine: &annals_engine::Engine, from: u64, to: u64) {
    for number in from..to {
        append(engine, &format!("counter-{}", number / 5), number).unwrap();
    }
}

fn check_filled(engine: &annals_engine::Engine, count: u64) {
    let events = read_all(engine);
    assert_eq!(events.len() as u64, count);
    for (number, found) in (0..).zip(&events) {
        let wanted = event(number);
        assert_eq!(found.position.get(), number);
        assert_eq!(found.version.get(), number % 5);
        assert_eq!((&found.id, &found.data, &found.tags), (&wanted.id, &wanted.data, &wanted.tags));
    }
    let backward: Vec<_> =
        engine.read(ReadAll::new(Query::all()).backward()).unwrap().collect::<Result<_>>().unwrap();
    assert!(backward.iter().rev().eq(&events));
    for number in [0, count / 2, count - 1] {
        let stream = stream(&format!("counter-{}", number / 5));
        let events: Vec<_> =
            engine.read(ReadStream::new(stream)).unwrap().collect::<Result<_>>().unwrap();
        assert_eq!(events[(number % 5) as usize].data, event(number).data);
        let tag = QueryItem::tags([Tag::new(format!("n:{number}")).unwrap()]);
        let query = Query::any_of([tag]).unwrap();
        let found: Vec<_> = engine.read(ReadAll::new(query)).unwrap().collect();
        assert_eq!(found.len(), 1);
    }
    let even = QueryItem::tags([Tag::new("parity:0").unwrap()]);
    let query = Query::any_of([even]).unwrap();
    assert_eq!(engine.read(ReadAll::new(query)).unwrap().count() as u64, count.div_ceil(2));
    let info = engine.info().unwrap();
    assert_eq!((info.events, info.streams), (count, count.div_ceil(5)));
}

#[test]
fn a_store_of_many_segments_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let engine = open(dir.path());
        assert_eq!(engine.report().created, round == 0);
        assert_eq!(engine.report().index_rebuilt, None);
        fill(&engine, round * 100, (round + 1) * 100);
        check_filled(&engine, (round + 1) * 100);
        engine.close().unwrap();
    }
    let engine = open(dir.path());
    assert!(engine.info().unwrap().segments.unwrap() > 10);
    check_filled(&engine, 400);
}

#[test]
fn keyed_state_comes_back_from_sealed_segments() {
    let dir = tempfile::tempdir().unwrap();
    let key = |number: u64| {
        let name = Name::new(format!("aggregate-{number}")).unwrap();
        StateKey { kind: StateKind::Snapshot, name }
    };
    let put = |engine: &annals_engine::Engine, number: u64, value: &'static str| {
        let put = StatePut {
            key: key(number),
            expected: StateExpected::Any,
            value: (!value.is_empty()).then(|| value.into()),
        };
        engine.put_state(put).unwrap()
    };
    let engine = open(dir.path());
    for number in 0..100 {
        put(&engine, number, "first");
    }
    let revision = put(&engine, 7, "second");
    put(&engine, 8, "");
    drop(engine);
    let engine = open(dir.path());
    let found = engine.state(&key(7)).unwrap().unwrap();
    assert_eq!((found.revision, &found.value[..]), (revision, &b"second"[..]));
    assert_eq!(engine.state(&key(8)).unwrap(), None);
    assert_eq!(engine.states(StateKind::Snapshot, "aggregate-").unwrap().len(), 99);
    assert_eq!(engine.states(StateKind::Snapshot, "aggregate-9").unwrap().len(), 11);
    assert!(put(&engine, 8, "again") > revision + 1);
}

#[test]
fn retries_are_recognised_across_segments_and_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 0, 50);
    drop(engine);
    let engine = open(dir.path());
    let again = append(&engine, "counter-0", 3).unwrap();
    assert!(again.duplicate);
    assert_eq!(again.streams[0].last_version, Some(Version::new(3)));
    assert_eq!(again.position, Some(Position::new(3)));
    let exact = ExpectedVersion::Exact(Version::new(1));
    let both = Append::to(stream("counter-1"), exact, [event(7), event(8)]);
    assert!(engine.append(both).unwrap().duplicate);
    let partly = Append::to(stream("counter-1"), exact, [event(7), event(99)]);
    let error = engine.append(partly).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongExpectedVersion);
    check_filled(&engine, 50);
}

#[test]
fn a_soft_deleted_stream_comes_back_numbering_on_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 0, 5);
    let name = stream("counter-0");
    let delete = DeleteStream {
        stream: name.clone(),
        expected: ExpectedVersion::Any,
        mode: DeleteMode::Soft,
    };
    engine.delete_stream(delete).unwrap();
    for number in 100..150 {
        append(&engine, "other", number).unwrap();
    }
    drop(engine);
    let engine = open(dir.path());
    let gone = engine.read(ReadStream::new(name.clone())).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::StreamNotFound);
    let back = append(&engine, "counter-0", 77).unwrap();
    assert_eq!(back.streams[0].first_version, Some(Version::new(5)));
    let events: Vec<_> =
        engine.read(ReadStream::new(name.clone())).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(events.len(), 1);
    let info = engine.stream_info(&name).unwrap();
    assert_eq!((info.status, info.first_version), (StreamStatus::Live, Version::new(5)));
}

#[test]
fn opening_and_closing_without_a_write_changes_no_segment() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    fill(&engine, 0, 7);
    engine.close().unwrap();
    let segments = || {
        let mut log: Vec<_> =
            std::fs::read_dir(dir.path().join("log")).unwrap().map(|e| e.unwrap().path()).collect();
        log.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        log.sort();
        log.into_iter().map(|path| std::fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let before = segments();
    for _ in 0..3 {
        open(dir.path()).close().unwrap();
    }
    assert!(before == segments());
}
