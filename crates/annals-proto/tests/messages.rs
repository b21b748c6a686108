//! Messages of every package as the bytes they have on the wire, and what the types promise.

use std::fmt::Debug;

use annals_core::ErrorKind;
use annals_proto::{annals, google_rpc, kurrent_rpc, kurrentdb, kurrentdb_v2, umadb};
use bytes::Bytes;
use prost::Message;
use prost_types::{Any, Value, value::Kind};

/// The message is these bytes, and they are the message.
#[track_caller]
fn assert_wire<M: Message + Default + PartialEq + Debug>(message: &M, bytes: &[u8]) {
    assert_eq!(message.encode_to_vec(), bytes);
    assert_eq!(M::decode(bytes).as_ref(), Ok(message));
}

#[test]
fn kurrentdb_ids_are_halves_or_text() {
    use kurrentdb::uuid::{Structured, Value};
    let halves = Structured { most_significant_bits: 1, least_significant_bits: -1 };
    let mut bytes = vec![0x0a, 13, 0x08, 1, 0x10];
    bytes.extend([0xff; 9]);
    bytes.push(0x01);
    assert_wire(&kurrentdb::Uuid { value: Some(Value::Structured(halves)) }, &bytes);
    let text = kurrentdb::Uuid { value: Some(Value::String("a".to_owned())) };
    assert_wire(&text, &[0x12, 1, b'a']);
}

#[test]
fn kurrentdb_reads_name_a_stream_and_a_place() {
    use kurrentdb::streams::{ReadReq, read_req};
    let stream = read_req::options::StreamOptions {
        stream_identifier: Some(kurrentdb::StreamIdentifier {
            stream_name: Bytes::from_static(b"s"),
        }),
        revision_option: Some(read_req::options::stream_options::RevisionOption::Revision(7)),
    };
    let options = read_req::Options {
        stream_option: Some(read_req::options::StreamOption::Stream(stream)),
        read_direction: read_req::options::ReadDirection::Backwards.into(),
        count_option: Some(read_req::options::CountOption::Count(5)),
        filter_option: Some(read_req::options::FilterOption::NoFilter(kurrentdb::Empty {})),
        ..read_req::Options::default()
    };
    let inner = [0x0a, 7, 0x0a, 3, 0x1a, 1, b's', 0x10, 7, 0x18, 1, 0x28, 5, 0x42, 0];
    let bytes = [&[0x0a, 15][..], &inner].concat();
    assert_wire(&ReadReq { options: Some(options) }, &bytes);
}

#[test]
fn kurrentdb_maps_are_written_in_the_order_of_their_keys() {
    let metadata = [("type", "T"), ("content-type", "C")];
    let message = kurrentdb::streams::append_req::ProposedMessage {
        metadata: metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        data: Bytes::from_static(b"d"),
        ..Default::default()
    };
    let bytes = b"\x12\x11\x0a\x0ccontent-type\x12\x01C\x12\x09\x0a\x04type\x12\x01T\x22\x01d";
    assert_wire(&message, bytes);
}

#[test]
fn kurrentdb_services_have_their_field_numbers() {
    use kurrentdb::{gossip, monitoring, operations, persistent_subscriptions, projections};
    use kurrentdb::{server_features, users};
    let id = kurrentdb::Uuid::default();
    let ack = persistent_subscriptions::read_req::Ack { ids: vec![id], ..Default::default() };
    assert_wire(&ack, &[0x12, 0]);
    let method = server_features::SupportedMethod {
        features: vec!["stream".to_owned()],
        ..Default::default()
    };
    assert_wire(&method, b"\x1a\x06stream");
    let member = gossip::MemberInfo {
        state: gossip::member_info::VNodeState::Leader.into(),
        is_alive: true,
        ..Default::default()
    };
    assert_wire(&member, &[0x18, 8, 0x20, 1]);
    let user = users::details_resp::UserDetails { disabled: true, ..Default::default() };
    assert_wire(&user, &[0x28, 1]);
    let scavenge = operations::start_scavenge_req::Options { thread_count: 1, start_from_chunk: 2 };
    assert_wire(&scavenge, &[0x08, 1, 0x10, 2]);
    let stats = monitoring::StatsReq { refresh_time_period_in_ms: 5, ..Default::default() };
    assert_wire(&stats, &[0x20, 5]);
    let state = projections::StateResp { state: Some(Value { kind: Some(Kind::BoolValue(true)) }) };
    assert_wire(&state, &[0x0a, 2, 0x20, 1]);
}

#[test]
fn kurrentdb_v2_tells_zero_from_absent() {
    let append = |expected_revision| kurrentdb_v2::AppendRequest {
        stream: Some("s".to_owned()),
        expected_revision,
        ..Default::default()
    };
    assert_wire(&append(None), &[0x0a, 1, b's']);
    assert_wire(&append(Some(0)), &[0x0a, 1, b's', 0x18, 0]);
    assert_wire(&append(Some(-4)), &[0x0a, 1, b's', 0x18, 7]);
}

#[test]
fn details_of_a_status_are_found_by_the_name_of_their_type() {
    use kurrentdb_v2::errors::StreamRevisionConflictErrorDetails;
    let details = StreamRevisionConflictErrorDetails {
        stream: "s".to_owned(),
        expected_revision: 1,
        actual_revision: -1,
    };
    assert_wire(&details, &[0x0a, 1, b's', 0x10, 2, 0x18, 1]);
    let info = google_rpc::ErrorInfo {
        reason: "STREAM_REVISION_CONFLICT".to_owned(),
        domain: "streams".to_owned(),
        ..Default::default()
    };
    let status = google_rpc::Status {
        code: google_rpc::Code::FailedPrecondition.into(),
        message: "m".to_owned(),
        details: vec![Any::from_msg(&info).unwrap(), Any::from_msg(&details).unwrap()],
    };
    let status = google_rpc::Status::decode(&*status.encode_to_vec()).unwrap();
    assert_eq!(
        status.details[1].type_url,
        "type.googleapis.com/kurrentdb.protocol.v2.streams.errors.StreamRevisionConflictErrorDetails"
    );
    assert_eq!(status.details[1].to_msg::<StreamRevisionConflictErrorDetails>().unwrap(), details);
    let of_v1 = Any::from_msg(&kurrentdb::WrongExpectedVersion::default()).unwrap();
    assert_eq!(of_v1.type_url, "type.googleapis.com/event_store.client.WrongExpectedVersion");
    let denied =
        kurrent_rpc::AccessDeniedErrorDetails { operation: "o".to_owned(), ..Default::default() };
    assert_wire(&denied, &[0x0a, 1, b'o']);
}

#[test]
fn umadb_tells_a_head_of_zero_from_none() {
    assert_wire(&umadb::HeadResponse { position: None }, &[]);
    assert_wire(&umadb::HeadResponse { position: Some(0) }, &[0x08, 0]);
    let item = umadb::QueryItem { types: vec!["T".to_owned()], tags: vec!["t".to_owned()] };
    let condition = umadb::AppendCondition {
        fail_if_events_match: Some(umadb::Query { items: vec![item] }),
        after: Some(3),
    };
    let bytes = [0x0a, 8, 0x0a, 6, 0x0a, 1, b'T', 0x12, 1, b't', 0x10, 3];
    assert_wire(&condition, &bytes);
    let error = umadb::ErrorResponse {
        message: String::new(),
        error_type: umadb::error_response::ErrorType::Integrity.into(),
    };
    assert_wire(&error, &[0x10, 2]);
}

#[test]
fn an_expected_version_of_zero_is_not_absent() {
    use annals::expected_version::Expected;
    let expected = |expected| annals::ExpectedVersion { expected: Some(expected) };
    assert_wire(&expected(Expected::Exact(0)), &[0x20, 0]);
    assert_wire(&expected(Expected::Any(())), &[0x0a, 0]);
}

#[test]
fn the_text_of_an_event_shares_the_buffer_it_was_read_from() {
    let event = annals::NewEvent {
        event_type: Bytes::from_static(b"Opened"),
        tags: vec![Bytes::from_static(b"t")],
        ..Default::default()
    };
    assert_wire(&event, b"\x12\x06Opened\x3a\x01t");
    let buffer = Bytes::from(event.encode_to_vec());
    let read = annals::NewEvent::decode(buffer.clone()).unwrap();
    assert!(buffer.as_ptr_range().contains(&read.event_type.as_ptr()));
}

#[test]
fn every_kind_of_error_has_a_number_on_the_wire() {
    let names = (1..).map_while(|number| annals::ErrorKind::try_from(number).ok());
    let names = names.map(|kind| kind.as_str_name().to_lowercase());
    let expected = ErrorKind::ALL.map(|kind| format!("error_kind_{}", kind.code()));
    assert_eq!(names.collect::<Vec<_>>(), expected);
}
