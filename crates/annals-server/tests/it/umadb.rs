//! UmaDB's protocol.

use annals_core::{Append, Backend, ExpectedVersion, Read, ReadStream, Tag, Tags, limits};
use annals_proto::{
    kurrentdb::{
        Empty, StreamIdentifier,
        streams::{
            TombstoneReq, streams_client::StreamsClient, tombstone_req,
            tombstone_req::options::ExpectedStreamRevision,
        },
    },
    umadb::{
        AppendCondition, AppendRequest, ErrorResponse, Event, HeadRequest, Query, QueryItem,
        ReadRequest, ReadResponse, SequencedEvent, SubscribeRequest, TrackingInfo, TrackingRequest,
        dcb_client::DcbClient, error_response::ErrorType,
    },
};
use futures_lite::StreamExt;
use prost::Message;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::running::{Channel, Moved, Running, event, name};

async fn client(server: &Running) -> DcbClient<Channel> {
    DcbClient::with_origin(server.connect().await, server.origin())
}

fn tagged(event_type: &str, tag: &str) -> Event {
    Event {
        event_type: event_type.to_owned(),
        tags: vec![tag.to_owned()],
        data: "data".into(),
        uuid: Uuid::new_v4().to_string(),
        metadata: Vec::new(),
    }
}

fn of_tag(tag: &str) -> Query {
    Query { items: vec![QueryItem { types: Vec::new(), tags: vec![tag.to_owned()] }] }
}

fn unless(tag: &str, after: Option<u64>) -> Option<AppendCondition> {
    Some(AppendCondition { fail_if_events_match: Some(of_tag(tag)), after })
}

fn kind(status: &Status) -> ErrorType {
    ErrorResponse::decode(status.details()).unwrap().error_type()
}

async fn append(client: &mut DcbClient<Channel>, request: AppendRequest) -> Result<u64, Status> {
    Ok(client.append(request).await?.into_inner().position)
}

async fn read(client: &mut DcbClient<Channel>, request: ReadRequest) -> Vec<ReadResponse> {
    let mut answers = client.read(request).await.unwrap().into_inner();
    let mut all = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        all.push(answer);
    }
    all
}

fn positions(answers: &[ReadResponse]) -> Vec<u64> {
    answers.iter().flat_map(|answer| &answer.events).map(|event| event.position).collect()
}

#[tokio::test]
async fn events_are_seen_through_every_protocol_with_their_tags() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let tags = Tags::new([Tag::new("a:1").unwrap()]).unwrap();
    let foreign = event("opened", r#"{"n":7}"#).with_tags(tags);
    let appended = Append::to(name("account-1"), ExpectedVersion::Any, [foreign]);
    server.store.append(appended).await.unwrap();
    let events = vec![tagged("closed", "a:1"), tagged("closed", "b")];
    let request = AppendRequest { events, ..AppendRequest::default() };
    assert_eq!(append(&mut client, request).await.unwrap(), 3);
    let request = ReadRequest { query: Some(of_tag("a:1")), ..ReadRequest::default() };
    let answers = read(&mut client, request).await;
    assert_eq!(positions(&answers), [1, 2]);
    assert_eq!(answers[0].head, Some(3));
    let first = answers[0].events[0].event.as_ref().unwrap();
    assert_eq!(
        (first.event_type.as_str(), first.tags.as_slice()),
        ("opened", &["a:1".to_owned()][..])
    );
    assert_eq!(first.metadata[0].value, "7");
    let stream = ReadStream::new(name("umadb"));
    let mut stored = server.store.read(Read::Stream(stream));
    let stored = stored.next().await.unwrap().unwrap();
    assert_eq!(&stored.metadata.as_bytes()[..], br#"{"$tags":["a:1"]}"#);
}

#[tokio::test]
async fn a_condition_lets_one_of_two_writers_through() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let request = |after| AppendRequest {
        events: vec![tagged("taken", "seat:7")],
        condition: unless("seat:7", after),
        tracking_info: None,
    };
    assert_eq!(append(&mut client, request(None)).await.unwrap(), 1);
    let refused = append(&mut client, request(None)).await.unwrap_err();
    assert_eq!((refused.code(), kind(&refused)), (Code::FailedPrecondition, ErrorType::Integrity));
    assert_eq!(append(&mut client, request(Some(1))).await.unwrap(), 2);
    let any = AppendCondition { fail_if_events_match: None, after: Some(1) };
    let request = AppendRequest { condition: Some(any), ..request(None) };
    assert_eq!(append(&mut client, request).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_however_late_it_comes() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let request = AppendRequest {
        events: vec![tagged("taken", "seat:7"), tagged("paid", "seat:7")],
        condition: unless("seat:7", None),
        tracking_info: None,
    };
    assert_eq!(append(&mut client, request.clone()).await.unwrap(), 2);
    assert_eq!(append(&mut client, request.clone()).await.unwrap(), 2);
    // The store itself has forgotten the ids by now.
    for _ in 0..=(limits::RETRY_WINDOW_EVENTS / limits::APPEND_EVENTS_MAX as u64) {
        let others = (0..limits::APPEND_EVENTS_MAX).map(|_| event("x", ""));
        let others = Append::to(name("others"), ExpectedVersion::Any, others);
        server.store.append(others).await.unwrap();
    }
    assert_eq!(append(&mut client, request.clone()).await.unwrap(), 2);
    let events = request.events.iter().rev().cloned().collect();
    let swapped = AppendRequest { events, ..request };
    assert_eq!(append(&mut client, swapped).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn tracking_goes_forward_only_and_comes_back_with_its_events() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let tracked = |position, events: Vec<Event>| AppendRequest {
        events,
        condition: None,
        tracking_info: Some(TrackingInfo { source: "upstream".to_owned(), position }),
    };
    assert_eq!(append(&mut client, tracked(7, vec![tagged("x", "a")])).await.unwrap(), 1);
    for (position, events) in [(7, vec![tagged("x", "a")]), (7, Vec::new()), (3, Vec::new())] {
        let refused = append(&mut client, tracked(position, events)).await.unwrap_err();
        assert_eq!(kind(&refused), ErrorType::Integrity);
    }
    assert_eq!(append(&mut client, tracked(8, Vec::new())).await.unwrap(), 0);
    let mut info = async |source: &str| {
        let request = TrackingRequest { source: source.to_owned() };
        client.get_tracking_info(request).await.unwrap().into_inner().position
    };
    assert_eq!(info("upstream").await, Some(8));
    assert_eq!(info("other").await, None);
    let answers = read(&mut client, ReadRequest::default()).await;
    let tracking = answers[0].events[0].tracking_info.as_ref().unwrap();
    assert_eq!((tracking.source.as_str(), tracking.position), ("upstream", 7));
}

#[tokio::test]
async fn a_read_begins_and_ends_where_it_is_told_to() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let empty = read(&mut client, ReadRequest::default()).await;
    assert_eq!((empty.len(), empty[0].head), (1, None));
    server.append("account-1", &["x", "y", "z"]).await;
    let rows = [
        (None, false, None, vec![1, 2, 3], Some(3)),
        (Some(0), false, None, vec![1, 2, 3], Some(3)),
        (Some(2), false, Some(1), vec![2], Some(2)),
        (None, true, Some(2), vec![3, 2], Some(2)),
        (Some(2), true, None, vec![2, 1], Some(3)),
        (Some(0), true, None, vec![], Some(3)),
        (Some(9), true, Some(1), vec![3], Some(3)),
        (Some(9), false, None, vec![], Some(3)),
        (None, false, Some(0), vec![], None),
    ];
    for (start, backwards, limit, expected, head) in rows {
        let request =
            ReadRequest { start, limit, backwards: Some(backwards), ..ReadRequest::default() };
        let answers = read(&mut client, request).await;
        let what = format!("from {start:?}, backwards: {backwards}, at most {limit:?}");
        assert_eq!(positions(&answers), expected, "{what}");
        assert_eq!(answers.last().unwrap().head, head, "{what}");
    }
    let batches = ReadRequest { batch_size: Some(1), ..ReadRequest::default() };
    assert_eq!(read(&mut client, batches).await.len(), 3);
    let request = ReadRequest { subscribe: Some(true), ..ReadRequest::default() };
    assert_eq!(client.read(request).await.unwrap_err().code(), Code::InvalidArgument);
    let head = client.head(HeadRequest {}).await.unwrap().into_inner();
    assert_eq!(head.position, Some(3));
}

#[tokio::test]
async fn a_subscription_goes_from_what_is_there_to_what_comes() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    server.append("account-1", &["x", "y"]).await;
    let query = Query { items: vec![QueryItem { types: vec!["y".to_owned()], tags: Vec::new() }] };
    let request = SubscribeRequest { query: Some(query), after: Some(1), batch_size: None };
    let mut answers = client.subscribe(request).await.unwrap().into_inner();
    let positions = |events: &[SequencedEvent]| -> Vec<u64> {
        events.iter().map(|event| event.position).collect()
    };
    let first = answers.message().await.unwrap().unwrap();
    assert_eq!(positions(&first.events), [2]);
    server.append("account-2", &["x", "y"]).await;
    let second = answers.message().await.unwrap().unwrap();
    assert_eq!(positions(&second.events), [4]);
    let request = SubscribeRequest { query: None, after: Some(u64::MAX), batch_size: None };
    let mut answers = client.subscribe(request).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn what_the_store_does_not_take_is_an_invalid_argument() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let long = "t".repeat(limits::TAG_BYTES_MAX + 1);
    let wrong = [
        tagged("", "a"),
        tagged("x", ""),
        tagged("x", &long),
        Event { uuid: "nonsense".to_owned(), ..tagged("x", "a") },
        Event { uuid: Uuid::nil().to_string(), ..tagged("x", "a") },
    ];
    for event in wrong {
        let request = AppendRequest { events: vec![event], ..AppendRequest::default() };
        let refused = append(&mut client, request).await.unwrap_err();
        assert_eq!(kind(&refused), ErrorType::InvalidArgument, "{refused:?}");
    }
    let nothing = append(&mut client, AppendRequest::default()).await.unwrap();
    assert_eq!(nothing, 0);
}

#[tokio::test]
async fn the_stream_of_the_protocol_is_not_deleted() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let request = AppendRequest { events: vec![tagged("x", "a")], ..AppendRequest::default() };
    append(&mut client, request).await.unwrap();
    let channel = server.connect().await;
    let mut streams = StreamsClient::with_origin(channel, server.origin());
    let stream_identifier = Some(StreamIdentifier { stream_name: "umadb".into() });
    let options = tombstone_req::Options {
        stream_identifier,
        expected_stream_revision: Some(ExpectedStreamRevision::Any(Empty {})),
    };
    let refused = streams.tombstone(TombstoneReq { options: Some(options) }).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_service_answers_by_its_old_name_too() {
    let server = Running::start().await;
    server.append("a", &["x"]).await;
    let channel = server.connect().await;
    let old = Moved { channel, from: "/umadb.v1.DCB/", to: "/umadb.UmaDBService/" };
    let mut client = DcbClient::with_origin(old, server.origin());
    let head = client.head(HeadRequest {}).await.unwrap().into_inner();
    assert_eq!(head.position, Some(1));
    let mut answers = client.read(ReadRequest::default()).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap().events.len(), 1);
}
