//! Requests to UmaDB's service, and to gRPC's own about health.

use annals_proto::{
    grpc_health::HealthCheckRequest,
    umadb::{
        AppendCondition, AppendRequest, Event, HeadRequest, MetadataEntry, Query, QueryItem,
        ReadRequest, SubscribeRequest, TrackingInfo, TrackingRequest,
    },
};

use super::{Seed, one};

pub(super) fn all() -> Vec<Seed> {
    let item = QueryItem { types: vec!["opened".to_owned()], tags: vec!["a:1".to_owned()] };
    let query = Some(Query { items: vec![item] });
    let metadata = MetadataEntry { key: "k".to_owned(), value: "v".to_owned() };
    let event = Event {
        event_type: "opened".to_owned(),
        tags: vec!["a:1".to_owned()],
        data: "{}".into(),
        uuid: "018f2f6e-0000-7000-8000-000000000003".to_owned(),
        metadata: vec![metadata],
    };
    let condition = AppendCondition { fail_if_events_match: query.clone(), after: Some(1) };
    let tracking = TrackingInfo { source: "other".to_owned(), position: 9 };
    let append = AppendRequest {
        events: vec![event.clone()],
        condition: Some(AppendCondition { after: Some(999), ..condition.clone() }),
        tracking_info: Some(tracking),
    };
    let refused =
        AppendRequest { events: vec![event], condition: Some(condition), tracking_info: None };
    let read = ReadRequest {
        query: query.clone(),
        start: Some(1),
        backwards: Some(false),
        limit: Some(9),
        subscribe: Some(false),
        batch_size: Some(2),
    };
    let backwards = ReadRequest { backwards: Some(true), limit: None, ..read.clone() };
    let subscribe = SubscribeRequest { query, after: Some(0), batch_size: Some(1) };
    let known = HealthCheckRequest { service: "umadb.v1.DCB".to_owned() };
    let unknown = HealthCheckRequest { service: "other".to_owned() };
    vec![
        one("/umadb.v1.DCB/Read", read),
        one("/umadb.v1.DCB/Read", backwards),
        one("/umadb.v1.DCB/Subscribe", subscribe),
        one("/umadb.v1.DCB/Append", append),
        one("/umadb.v1.DCB/Append", refused),
        one("/umadb.v1.DCB/Head", HeadRequest {}),
        one("/umadb.v1.DCB/GetTrackingInfo", TrackingRequest { source: "other".to_owned() }),
        one("/grpc.health.v1.Health/Check", known),
        one("/grpc.health.v1.Health/Watch", unknown),
    ]
}
