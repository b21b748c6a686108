//! Requests to Annals' own service.

use annals_proto::annals::{
    AppendCondition, AppendRequest, CatchUpRequest, CheckpointWrite, DeleteMode,
    DeleteStreamRequest, ExpectedVersion, GetCapabilitiesRequest, GetCheckpointRequest,
    GetHeadRequest, GetStateRequest, GetStoreInfoRequest, GetStreamInfoRequest, ListStatesRequest,
    ListStreamsRequest, NewEvent, PutStateRequest, Query, QueryItem, ReadAll, ReadRequest,
    ReadStream, RecordedEvent, RecordedState, RestoreRequest, SetStreamMetadataRequest,
    StateExpected, StateKey, StateKind, StreamSelector, StreamWrite, SubscribeAll,
    SubscribeRequest, SubscribeStart, SubscribeStream, catch_up_request,
    expected_version::Expected, read_request, state_expected, stream_selector::Selector,
    subscribe_request, subscribe_start::Start,
};

use super::{Seed, one};

pub(super) fn all() -> Vec<Seed> {
    [writes(), reads(), states(), facts()].concat()
}

fn account() -> String {
    "account-1".to_owned()
}

const fn any() -> Option<ExpectedVersion> {
    Some(ExpectedVersion { expected: Some(Expected::Any(())) })
}

fn id(last: u8) -> bytes::Bytes {
    vec![1, 143, 47, 110, 0, 0, 112, 0, 128, 0, 0, 0, 0, 0, 0, last].into()
}

fn query() -> Option<Query> {
    let item = QueryItem {
        types: vec!["opened".into()],
        tags: vec!["a:1".into()],
        streams: vec![
            StreamSelector { selector: Some(Selector::Stream("account-1".into())) },
            StreamSelector { selector: Some(Selector::Category("account".into())) },
        ],
        correlation: None,
    };
    Some(Query { items: vec![item] })
}

fn writes() -> Vec<Seed> {
    let event = |last| NewEvent {
        id: id(last),
        event_type: "opened".into(),
        schema_version: Some(2),
        data: "{}".into(),
        content_type: "application/json".into(),
        metadata: "{}".into(),
        tags: vec!["a:1".into()],
        time_micros: Some(-1),
    };
    let write =
        |stream: &str, events| StreamWrite { stream: stream.into(), expected: any(), events };
    let append = AppendRequest {
        writes: vec![write("account-1", vec![event(1), event(2)]), write("b-1", vec![event(3)])],
        interleaving: vec![0, 1, 0],
        conditions: vec![AppendCondition { query: query(), after: Some(999) }],
        checkpoint: Some(CheckpointWrite { name: "reader".into(), position: 7 }),
    };
    let delete =
        DeleteStreamRequest { stream: account(), expected: any(), mode: DeleteMode::Soft as i32 };
    let settings = SetStreamMetadataRequest {
        stream: account(),
        expected: any(),
        metadata_json: r#"{"$maxCount":3}"#.into(),
    };
    let restored = RecordedEvent {
        id: id(9),
        stream: "restored-1".into(),
        version: 0,
        position: 0,
        event_type: "opened".into(),
        content_type: "application/json".into(),
        recorded_at_micros: 1,
        ..RecordedEvent::default()
    };
    let state =
        RecordedState { key: key(), revision: 1, value: Some("x".into()), recorded_at_micros: 1 };
    let restore = RestoreRequest { events: vec![restored], states: vec![state] };
    vec![
        one("/annals.v1.Store/Append", append),
        one("/annals.v1.Store/DeleteStream", delete),
        one("/annals.v1.Store/SetStreamMetadata", settings),
        one("/annals.v1.Store/Restore", restore),
    ]
}

fn reads() -> Vec<Seed> {
    let stream = ReadStream { stream: account(), from: Some(1), ..ReadStream::default() };
    let all = ReadAll { query: query(), direction: 1, limit: Some(9), ..ReadAll::default() };
    let read = |source| one("/annals.v1.Store/Read", ReadRequest { source: Some(source) });
    let start = |start| Some(SubscribeStart { start: Some(start) });
    let subscribe = |source| {
        let request = SubscribeRequest { source: Some(source), checkpoint_every: Some(2) };
        one("/annals.v1.Store/Subscribe", request)
    };
    let follow = SubscribeStream { stream: account(), start: start(Start::After(0)) };
    let follow_all = SubscribeAll { query: query(), start: start(Start::Beginning(())) };
    vec![
        read(read_request::Source::Stream(stream)),
        read(read_request::Source::All(all)),
        subscribe(subscribe_request::Source::Stream(follow)),
        subscribe(subscribe_request::Source::All(follow_all)),
    ]
}

fn key() -> Option<StateKey> {
    Some(StateKey { kind: StateKind::Snapshot as i32, name: "kept".to_owned() })
}

fn states() -> Vec<Seed> {
    let expected = Some(StateExpected { expected: Some(state_expected::Expected::Any(())) });
    let put = PutStateRequest { key: key(), expected, value: Some("x".into()) };
    let list = ListStatesRequest { kind: StateKind::Snapshot as i32, prefix: "k".to_owned() };
    vec![
        one("/annals.v1.Store/PutState", put),
        one("/annals.v1.Store/GetState", GetStateRequest { key: key() }),
        one("/annals.v1.Store/ListStates", list),
        one("/annals.v1.Store/GetCheckpoint", GetCheckpointRequest { name: "reader".to_owned() }),
    ]
}

fn facts() -> Vec<Seed> {
    let catch_up = |to| one("/annals.v1.Store/CatchUp", CatchUpRequest { to: Some(to) });
    let list = ListStreamsRequest { category: Some("account".to_owned()) };
    vec![
        catch_up(catch_up_request::To::Latest(())),
        catch_up(catch_up_request::To::Position(1)),
        one("/annals.v1.Store/GetHead", GetHeadRequest {}),
        one("/annals.v1.Store/GetStreamInfo", GetStreamInfoRequest { stream: account() }),
        one("/annals.v1.Store/ListStreams", list),
        one("/annals.v1.Store/GetStoreInfo", GetStoreInfoRequest {}),
        one("/annals.v1.Store/GetCapabilities", GetCapabilitiesRequest {}),
    ]
}
