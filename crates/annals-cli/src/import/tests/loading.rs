//! Loading into a store: once, in order, and again.

use annals::{
    Append, Backend, ErrorKind, ExpectedVersion, MemoryBackend, NewEvent, Query, ReadAll,
    RecordedEvent, StreamName,
};
use futures_lite::{StreamExt, future::block_on};

use super::*;

fn run(store: &MemoryBackend, text: &str, on_error: OnError) -> annals::Result<Loaded> {
    let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    let mapping = if text.starts_with('{') { Mapping::default() } else { mapping() };
    let records = Records::new(input, &mapping, "")?;
    load(Load { store, records, name: None, on_error, observe: &mut |_| {} })
}

fn events(store: &MemoryBackend) -> Vec<RecordedEvent> {
    block_on(store.read(ReadAll::new(Query::all()).into()).try_collect()).unwrap()
}

/// Rows of a few streams that alternate, more than a batch holds.
fn csv(rows: usize) -> String {
    let rows = (0..rows).map(|row| format!("{},did,{row}\n", row % 7));
    format!("id,what,n\n{}", rows.collect::<String>())
}

#[test]
fn a_load_keeps_the_order_across_streams() {
    let store = MemoryBackend::new();
    let loaded = run(&store, &csv(5_000), OnError::Stop).unwrap();
    assert_eq!((loaded.appended, loaded.skipped, loaded.done_before), (5_000, 0, 0));
    for (row, event) in events(&store).iter().enumerate() {
        assert_eq!(event.stream.as_str(), format!("case-{}", row % 7));
        assert_eq!(&event.data[..], format!("{{\"n\":\"{row}\"}}").as_bytes());
    }
}

#[test]
fn a_load_that_is_run_again_adds_nothing_and_one_that_grew_adds_the_rest() {
    let store = MemoryBackend::new();
    run(&store, &csv(2_500), OnError::Stop).unwrap();
    let first = events(&store);
    let again = run(&store, &csv(2_500), OnError::Stop).unwrap();
    assert_eq!((again.appended, again.done_before), (0, 2_500));
    assert_eq!(events(&store), first);
    let grown = run(&store, &csv(6_000), OnError::Stop).unwrap();
    assert_eq!((grown.appended, grown.done_before), (3_500, 2_500));
    let whole = MemoryBackend::new();
    run(&whole, &csv(6_000), OnError::Stop).unwrap();
    let ids = |store| events(store).into_iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids(&store), ids(&whole));
    let shorter = run(&store, &csv(10), OnError::Stop).unwrap();
    assert_eq!((shorter.appended, shorter.done_before), (0, 10));
}

#[test]
fn another_input_that_begins_alike_is_refused() {
    let store = MemoryBackend::new();
    run(&store, "id,what\n1,x\n1,y\n", OnError::Stop).unwrap();
    let error = run(&store, "id,what\n1,x\n1,Y\n1,z\n", OnError::Stop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConditionFailed);
    assert_eq!(events(&store).len(), 2);
}

#[test]
fn a_bad_record_stops_the_load_and_the_corrected_file_goes_on() {
    let store = MemoryBackend::new();
    let bad = csv(4_000).replace("\n0,did,3500\n", "\n,,\n");
    let stopped = run(&store, &bad, OnError::Stop).unwrap();
    assert_eq!(stopped.stopped.unwrap().to_string(), "line 3502: the event type is empty");
    assert_eq!(events(&store).len(), 3_500, "everything before it is kept");
    let rest = run(&store, &csv(4_000), OnError::Stop).unwrap();
    assert_eq!((rest.done_before, rest.appended), (3_500, 500));
}

#[test]
fn bad_records_are_skipped_and_counted_every_time() {
    let store = MemoryBackend::new();
    let bad = csv(4_000).replace("\n0,did,3500\n", "\n,,\n").replace("\n0,did,0\n", "\n1\n");
    let skipped = run(&store, &bad, OnError::Skip).unwrap();
    assert_eq!((skipped.appended, skipped.skipped), (3_998, 2));
    let again = run(&store, &bad, OnError::Skip).unwrap();
    assert_eq!((again.appended, again.skipped, again.done_before), (0, 2, 4_000));
    let only_bad = MemoryBackend::new();
    let loaded = run(&only_bad, "id,what\n1\n2\n", OnError::Skip).unwrap();
    assert_eq!((loaded.appended, loaded.skipped), (0, 2));
}

#[test]
fn events_with_ids_of_their_own_are_stored_once() {
    let store = MemoryBackend::new();
    let id = annals::EventId::random();
    let stream = StreamName::new("s").unwrap();
    let event = NewEvent::new("t".parse().unwrap(), "{}").with_id(id);
    block_on(store.append(Append::to(stream, ExpectedVersion::Any, [event]))).unwrap();
    let text = format!(
        "{{\"id\":\"{id}\",\"stream\":\"s\",\"type\":\"t\"}}\n{{\"stream\":\"s\",\"type\":\"u\"}}\n"
    );
    let loaded = run(&store, &text, OnError::Stop).unwrap();
    assert_eq!((loaded.appended, loaded.duplicates), (1, 1));
    assert_eq!(events(&store).len(), 2);
    assert_eq!(run(&store, &text, OnError::Stop).unwrap().done_before, 2);
}

#[test]
fn a_record_for_a_closed_stream_is_bad_and_the_others_are_not() {
    let store = MemoryBackend::new();
    let delete = annals::DeleteStream {
        stream: StreamName::new("case-3").unwrap(),
        expected: ExpectedVersion::Any,
        mode: annals::DeleteMode::Tombstone,
    };
    block_on(store.delete_stream(delete)).unwrap();
    let loaded = run(&store, &csv(70), OnError::Skip).unwrap();
    assert_eq!((loaded.appended, loaded.skipped), (60, 10));
    assert_eq!(run(&store, &csv(70), OnError::Skip).unwrap().appended, 0);
}

#[test]
fn versions_that_cannot_be_kept_are_counted() {
    let store = MemoryBackend::new();
    let text = "{\"stream\":\"s\",\"type\":\"t\",\"version\":0}\n{\"stream\":\"s\",\"type\":\"t\",\"version\":5}\n";
    assert_eq!(run(&store, text, OnError::Stop).unwrap().renumbered, 1);
}

#[test]
fn an_empty_file_loads_nothing() {
    let store = MemoryBackend::new();
    assert_eq!(run(&store, "id,what\n", OnError::Stop).unwrap().appended, 0);
}
