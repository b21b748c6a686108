//! KurrentDB's appends to many streams at once.

use annals_core::{
    Backend, DeleteMode, DeleteStream, ExpectedVersion, Query, Read, ReadAll, RecordedEvent,
    StreamStatus,
};
use annals_proto::{
    google_rpc::{self, ErrorInfo},
    kurrentdb_v2::{
        AppendRecord, AppendRecordsRequest, AppendRequest, ConsistencyCheck, SchemaFormat,
        SchemaInfo,
        consistency_check::{StreamStateCheck, Type},
        errors::{
            AppendConsistencyViolationErrorDetails, StreamRevisionConflictErrorDetails,
            consistency_violation::Type as Violation,
        },
        streams_service_client::StreamsServiceClient,
    },
};
use futures_lite::{StreamExt, stream};
use prost::Message;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::running::{Channel, Running, name};

async fn client(server: &Running) -> StreamsServiceClient<Channel> {
    StreamsServiceClient::with_origin(server.connect().await, server.origin())
}

fn record(stream: Option<&str>, event_type: &str) -> AppendRecord {
    AppendRecord {
        record_id: Some(Uuid::new_v4().to_string()),
        properties: std::iter::empty().collect(),
        schema: Some(SchemaInfo {
            format: Some(SchemaFormat::Json as i32),
            name: Some(event_type.to_owned()),
            id: None,
        }),
        data: Some("{}".into()),
        stream: stream.map(str::to_owned),
    }
}

fn request(stream: &str, types: &[&str], expected_revision: Option<i64>) -> AppendRequest {
    AppendRequest {
        stream: Some(stream.to_owned()),
        records: types.iter().map(|event_type| record(None, event_type)).collect(),
        expected_revision,
    }
}

fn check(stream: &str, expected_state: i64) -> ConsistencyCheck {
    let stream = Some(stream.to_owned());
    // Some clients leave a zero out.
    let expected_state = Some(expected_state).filter(|state| *state != 0);
    let check = StreamStateCheck { stream, expected_state };
    ConsistencyCheck { r#type: Some(Type::StreamState(check)) }
}

fn details(status: &Status) -> (String, Vec<u8>) {
    let details = google_rpc::Status::decode(status.details()).unwrap().details;
    let info = ErrorInfo::decode(details[0].value.as_slice()).unwrap();
    (info.reason, details.last().unwrap().value.clone())
}

/// Index, expected and actual state of each check that failed.
fn violations(status: &Status) -> Vec<(i32, i64, i64)> {
    let (reason, facts) = details(status);
    assert_eq!(reason, "APPEND_CONSISTENCY_VIOLATION", "{status:?}");
    let facts = AppendConsistencyViolationErrorDetails::decode(facts.as_slice()).unwrap();
    let violations = facts.violations.into_iter().map(|violation| {
        let Some(Violation::StreamState(state)) = violation.r#type else { panic!("no state") };
        (violation.check_index, state.expected_state, state.actual_state)
    });
    violations.collect()
}

async fn all(server: &Running) -> Vec<RecordedEvent> {
    let read = Read::All(ReadAll::new(Query::all()));
    server.store.read(read).map(Result::unwrap).collect().await
}

async fn delete(server: &Running, stream: &str, mode: DeleteMode) {
    let delete = DeleteStream { stream: name(stream), expected: ExpectedVersion::Any, mode };
    server.store.delete_stream(delete).await.unwrap();
}

/// Streams in every state: `live` at 1, `deleted` and `closed` after one event each.
async fn with_streams() -> Running {
    let server = Running::start().await;
    server.append("live", &["x", "x"]).await;
    server.append("deleted", &["x"]).await;
    server.append("closed", &["x"]).await;
    delete(&server, "deleted", DeleteMode::Soft).await;
    delete(&server, "closed", DeleteMode::Tombstone).await;
    server
}

#[tokio::test]
async fn a_session_stores_all_its_streams_or_none() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let session = vec![request("a", &["x", "y"], Some(-1)), request("b", &["z"], None)];
    let answer = client.append_session(stream::iter(session)).await.unwrap().into_inner();
    let revisions: Vec<_> = answer.output.iter().map(|stream| stream.stream_revision).collect();
    assert_eq!((revisions, answer.position), (vec![Some(1), Some(0)], Some(3)));
    let session = vec![request("c", &["x"], None), request("a", &["x"], Some(0))];
    let refused = client.append_session(stream::iter(session)).await.unwrap_err();
    let (reason, facts) = details(&refused);
    let facts = StreamRevisionConflictErrorDetails::decode(facts.as_slice()).unwrap();
    assert_eq!(
        (refused.code(), reason.as_str()),
        (Code::FailedPrecondition, "STREAM_REVISION_CONFLICT")
    );
    assert_eq!((facts.expected_revision, facts.actual_revision), (0, 1));
    assert_eq!(all(&server).await.len(), 3);
}

#[tokio::test]
async fn a_session_that_makes_no_sense_is_refused_with_its_reason() {
    let server = with_streams().await;
    let mut client = client(&server).await;
    let no_records = request("a", &[], None);
    let rows = [
        (vec![], Code::FailedPrecondition, "APPEND_SESSION_NO_REQUESTS"),
        (vec![no_records], Code::InvalidArgument, "BAD_REQUEST"),
        (vec![request("$$", &["x"], None)], Code::InvalidArgument, "BAD_REQUEST"),
        (vec![request("a", &["x"], Some(-3))], Code::InvalidArgument, "BAD_REQUEST"),
        (
            vec![request("a", &["x"], None), request("A", &["x"], None)],
            Code::Aborted,
            "STREAM_ALREADY_IN_APPEND_SESSION",
        ),
        (vec![request("closed", &["x"], None)], Code::FailedPrecondition, "STREAM_TOMBSTONED"),
        (vec![request("deleted", &["x"], Some(-4))], Code::FailedPrecondition, "STREAM_TOMBSTONED"),
    ];
    for (session, code, reason) in rows {
        let refused = client.append_session(stream::iter(session)).await.unwrap_err();
        assert_eq!((refused.code(), details(&refused).0.as_str()), (code, reason));
    }
}

#[tokio::test]
async fn records_of_many_streams_keep_their_order_and_say_their_schema() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    let records = ["a", "b", "a"].map(|stream| record(Some(stream), "moved"));
    let request = AppendRecordsRequest { records: records.to_vec(), checks: vec![] };
    let answer = client.append_records(request).await.unwrap().into_inner();
    let revisions: Vec<_> = answer.revisions.iter().map(|stream| stream.revision).collect();
    assert_eq!((revisions, answer.position), (vec![Some(1), Some(0)], Some(3)));
    let stored = all(&server).await;
    let streams: Vec<_> = stored.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(streams, ["a", "b", "a"]);
    let metadata: &[u8] = br#"{"$schema.format":"Json","$schema.name":"moved"}"#;
    assert_eq!(&stored[0].metadata.as_bytes()[..], metadata);
}

#[tokio::test]
async fn checks_of_streams_that_are_not_written_know_every_state() {
    let server = with_streams().await;
    let mut client = client(&server).await;
    let rows = [
        (1, [None, Some(-1), Some(-5), Some(-6)]),
        (0, [Some(1), Some(-1), None, Some(-6)]),
        (-1, [Some(1), None, None, None]),
        (-4, [None, Some(-1), Some(-5), Some(-6)]),
        (-5, [Some(1), Some(-1), None, Some(-6)]),
        (-6, [Some(1), Some(-1), Some(-5), None]),
    ];
    for (expected, row) in rows {
        for (stream, actual) in ["live", "missing", "deleted", "closed"].into_iter().zip(row) {
            let records = vec![record(Some("target"), "x")];
            let request = AppendRecordsRequest { records, checks: vec![check(stream, expected)] };
            let found = match client.append_records(request).await {
                Ok(_) => None,
                Err(refused) => Some(violations(&refused)),
            };
            let wanted = actual.map(|actual| vec![(0, expected, actual)]);
            assert_eq!(found, wanted, "`{stream}` against {expected}");
        }
    }
    let info = server.store.stream_info(&name("deleted")).await.unwrap();
    assert_eq!(info.status, StreamStatus::SoftDeleted, "a check changes nothing");
}

#[tokio::test]
async fn all_checks_that_fail_are_told_and_nothing_is_stored() {
    let server = with_streams().await;
    let mut client = client(&server).await;
    let before = all(&server).await.len();
    let records = vec![record(Some("closed"), "x"), record(Some("live"), "x")];
    let checks = vec![check("missing", -4), check("live", 0), check("deleted", -5)];
    let refused =
        client.append_records(AppendRecordsRequest { records, checks }).await.unwrap_err();
    assert_eq!(violations(&refused), [(0, -4, -1), (1, 0, 1), (3, -2, -6)]);
    assert_eq!(all(&server).await.len(), before);
    for checks in [vec![check("a", -2)], vec![check("a", 0), check("A", 0)]] {
        let records = vec![record(Some("a"), "x")];
        let refused = client.append_records(AppendRecordsRequest { records, checks }).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_deleted_stream_can_be_written_on_the_condition_that_it_is_deleted() {
    let server = with_streams().await;
    let mut client = client(&server).await;
    let request =
        |checks| AppendRecordsRequest { records: vec![record(Some("deleted"), "x")], checks };
    let answer = client.append_records(request(vec![check("deleted", -5)])).await.unwrap();
    assert_eq!(answer.into_inner().revisions[0].revision, Some(1));
    let refused = client.append_records(request(vec![check("deleted", -5)])).await.unwrap_err();
    assert_eq!(violations(&refused), [(0, -5, 1)]);
}

#[tokio::test]
async fn a_repetition_succeeds_though_its_checks_fail_by_now() {
    let server = Running::start().await;
    let mut client = client(&server).await;
    for (target, guard) in [("first", "guard"), ("second", "second")] {
        let records = vec![record(Some(target), "x")];
        let request = AppendRecordsRequest { records, checks: vec![check(guard, -1)] };
        let first = client.append_records(request.clone()).await.unwrap().into_inner();
        server.append(guard, &["x"]).await;
        let second = client.append_records(request).await.unwrap().into_inner();
        assert_eq!(first, second);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_holds_at_the_moment_of_the_append_whatever_others_do() {
    const ROUNDS: usize = 100;
    let server = Running::start().await;
    server.append("gate", &["x"]).await;
    let store = server.store.clone();
    let toggling = tokio::spawn(async move {
        for _ in 0..ROUNDS {
            let (stream, expected) = (name("gate"), ExpectedVersion::Any);
            let delete = DeleteStream { stream, expected, mode: DeleteMode::Soft };
            store.delete_stream(delete).await.unwrap();
            tokio::task::yield_now().await;
            let write = annals_core::Append::to(name("gate"), expected, []);
            store.append(write).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let mut client = client(&server).await;
    while !toggling.is_finished() {
        let request = AppendRecordsRequest {
            records: vec![record(Some("target"), "through")],
            checks: vec![check("gate", -5)],
        };
        if let Err(refused) = client.append_records(request).await {
            assert!(
                [Code::FailedPrecondition, Code::Unavailable].contains(&refused.code()),
                "{refused:?}"
            );
        }
    }
    toggling.await.unwrap();
    let mut is_deleted = false;
    for event in all(&server).await {
        match event.stream.as_str() {
            "$$gate" => {
                is_deleted = event.data.windows(19).any(|part| part == b"9223372036854775807")
            }
            "target" => assert!(is_deleted, "{} came through an open gate", event.position),
            _ => {}
        }
    }
}
