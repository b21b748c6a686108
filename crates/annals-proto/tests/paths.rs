//! The paths that clients call, caught before they leave.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use annals_proto::annals::store_client::StoreClient;
use annals_proto::grpc_health::health_client::HealthClient;
use annals_proto::kurrentdb::persistent_subscriptions::persistent_subscriptions_client::PersistentSubscriptionsClient;
use annals_proto::kurrentdb::server_features::server_features_client::ServerFeaturesClient;
use annals_proto::kurrentdb::streams::streams_client::StreamsClient;
use annals_proto::kurrentdb_v2::streams_service_client::StreamsServiceClient;
use annals_proto::umadb::dcb_client::DcbClient;
use annals_proto::{annals, grpc_health, kurrentdb, kurrentdb_v2, umadb};
use futures_lite::future::block_on;
use parking_lot::Mutex;
use tonic::body::Body;
use tonic::codegen::{Context, Poll, Service, http};
use tonic::{Code, Status};

/// A channel that leads nowhere: it keeps the paths, and answers that there is no such call.
#[derive(Debug, Clone, Default)]
struct Channel {
    paths: Arc<Mutex<Vec<String>>>,
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.paths.lock().push(request.uri().path().to_owned());
        ready(Ok(Status::unimplemented("").into_http()))
    }
}

/// The only path that was called, once the answer has come back.
#[track_caller]
fn path<T>(channel: &Channel, answer: Result<T, Status>) -> String {
    assert_eq!(answer.err().map(|status| status.code()), Some(Code::Unimplemented));
    let mut paths = channel.paths.lock();
    assert_eq!(paths.len(), 1);
    paths.remove(0)
}

#[test]
fn kurrentdb_v1_is_called_by_the_names_of_its_packages() {
    let channel = Channel::default();
    let mut streams = StreamsClient::new(channel.clone());
    let read = block_on(streams.read(kurrentdb::streams::ReadReq::default()));
    assert_eq!(path(&channel, read), "/event_store.client.streams.Streams/Read");
    let appends = futures_lite::stream::empty::<kurrentdb::streams::BatchAppendReq>();
    let append = block_on(streams.batch_append(appends));
    assert_eq!(path(&channel, append), "/event_store.client.streams.Streams/BatchAppend");

    let mut groups = PersistentSubscriptionsClient::new(channel.clone());
    let info =
        block_on(groups.get_info(kurrentdb::persistent_subscriptions::GetInfoReq::default()));
    assert_eq!(
        path(&channel, info),
        "/event_store.client.persistent_subscriptions.PersistentSubscriptions/GetInfo"
    );
    let mut features = ServerFeaturesClient::new(channel.clone());
    let methods = block_on(features.get_supported_methods(kurrentdb::Empty {}));
    assert_eq!(
        path(&channel, methods),
        "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"
    );
}

#[test]
fn kurrentdb_v2_is_called_by_the_name_of_its_package() {
    let channel = Channel::default();
    let mut client = StreamsServiceClient::new(channel.clone());
    let append = block_on(client.append_records(kurrentdb_v2::AppendRecordsRequest::default()));
    assert_eq!(
        path(&channel, append),
        "/kurrentdb.protocol.v2.streams.StreamsService/AppendRecords"
    );
}

#[test]
fn the_five_calls_of_umadb_have_their_names() {
    let channel = Channel::default();
    let mut client = DcbClient::new(channel.clone());
    let read = block_on(client.read(umadb::ReadRequest::default()));
    assert_eq!(path(&channel, read), "/umadb.v1.DCB/Read");
    let subscribe = block_on(client.subscribe(umadb::SubscribeRequest::default()));
    assert_eq!(path(&channel, subscribe), "/umadb.v1.DCB/Subscribe");
    let append = block_on(client.append(umadb::AppendRequest::default()));
    assert_eq!(path(&channel, append), "/umadb.v1.DCB/Append");
    let head = block_on(client.head(umadb::HeadRequest::default()));
    assert_eq!(path(&channel, head), "/umadb.v1.DCB/Head");
    let tracking = block_on(client.get_tracking_info(umadb::TrackingRequest::default()));
    assert_eq!(path(&channel, tracking), "/umadb.v1.DCB/GetTrackingInfo");
}

#[test]
fn health_is_asked_for_by_the_name_that_grpc_gives_it() {
    let channel = Channel::default();
    let mut client = HealthClient::new(channel.clone());
    let check = block_on(client.check(grpc_health::HealthCheckRequest::default()));
    assert_eq!(path(&channel, check), "/grpc.health.v1.Health/Check");
    let watch = block_on(client.watch(grpc_health::HealthCheckRequest::default()));
    assert_eq!(path(&channel, watch), "/grpc.health.v1.Health/Watch");
}

#[test]
fn annals_is_called_by_the_name_of_its_package() {
    let channel = Channel::default();
    let mut client = StoreClient::new(channel.clone());
    let append = block_on(client.append(annals::AppendRequest::default()));
    assert_eq!(path(&channel, append), "/annals.v1.Store/Append");
}

#[test]
fn servers_answer_under_the_same_names() {
    use annals_proto::kurrentdb::{gossip, monitoring, operations, projections, users};
    let names = [
        gossip::gossip_server::SERVICE_NAME,
        monitoring::monitoring_server::SERVICE_NAME,
        operations::operations_server::SERVICE_NAME,
        projections::projections_server::SERVICE_NAME,
        users::users_server::SERVICE_NAME,
        kurrentdb::streams::streams_server::SERVICE_NAME,
        umadb::dcb_server::SERVICE_NAME,
    ];
    let expected = [
        "event_store.client.gossip.Gossip",
        "event_store.client.monitoring.Monitoring",
        "event_store.client.operations.Operations",
        "event_store.client.projections.Projections",
        "event_store.client.users.Users",
        "event_store.client.streams.Streams",
        "umadb.v1.DCB",
    ];
    assert_eq!(names, expected);
}
