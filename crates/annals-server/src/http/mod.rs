//! Everything that is served on the one port: gRPC by its paths, and a little HTTP beside it.

pub(crate) mod authority;
mod calls;
pub(crate) mod failing;
pub(crate) mod fresh;
mod gossip;
mod health;
mod info;
mod metrics;
mod renamed;
mod settings;
mod stats;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use annals_proto::{
    annals::store_server::StoreServer,
    grpc_health::health_server::HealthServer,
    kurrentdb::{
        gossip::gossip_server::GossipServer, monitoring::monitoring_server::MonitoringServer,
        operations::operations_server::OperationsServer,
        persistent_subscriptions::persistent_subscriptions_server::PersistentSubscriptionsServer,
        projections::projections_server::ProjectionsServer,
        server_features::server_features_server::ServerFeaturesServer,
        streams::streams_server::StreamsServer, users::users_server::UsersServer,
    },
    kurrentdb_v2::streams_service_server::StreamsServiceServer,
    umadb::dcb_server::{self, DcbServer},
};
use axum::{Router, middleware, routing::get};
use http::StatusCode;
use tonic::service::Routes;

use self::{calls::Observe, renamed::Renamed};
use crate::{
    access::gate,
    grpc_health::HealthService,
    kurrent::{
        features::FeaturesService, gossip::GossipService, monitoring::MonitoringService,
        operations::OperationsService, persistent::PersistentSubscriptionsService,
        projections::ProjectionsService, streams::StreamsService, streams_v2::StreamsV2Service,
        users::UsersService,
    },
    node::Node,
    store::{self, StoreService},
    umadb::UmaDbService,
};

/// All routes.
pub(crate) fn router(node: &Arc<Node>) -> Router {
    let http = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/startup", get(health::startup))
        .route("/metrics", get(metrics::metrics))
        .route("/stats", get(stats::all))
        .route("/stats/{*path}", get(stats::part))
        .route("/ping", get(info::ping))
        .route("/info", get(info::info))
        .route("/info/options", get(settings::settings))
        .route("/gossip", get(gossip::gossip))
        .with_state(Arc::clone(node));
    let umadb = Renamed { service: umadb(node), name: dcb_server::SERVICE_NAME };
    grpc(node)
        .into_axum_router()
        // What UmaDB's service was called in its first versions; some clients still do.
        .route_service("/umadb.UmaDBService/{call}", umadb)
        .route_layer(middleware::from_fn(calls::only))
        .merge(http)
        // Where it is a call, `Observe` says so in gRPC's words.
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(middleware::from_fn_with_state(Arc::clone(node), fresh::wait))
        .layer(middleware::from_fn(authority::note))
        .layer(middleware::from_fn_with_state(Arc::clone(node), gate::check))
        .layer(Observe(Arc::clone(node)))
}

fn umadb(node: &Arc<Node>) -> DcbServer<UmaDbService> {
    DcbServer::new(UmaDbService(Arc::clone(node)))
        .max_decoding_message_size(node.options.message_bytes_max)
        .max_encoding_message_size(usize::MAX)
}

fn grpc(node: &Arc<Node>) -> Routes {
    let max = node.options.message_bytes_max;
    let streams = StreamsServer::new(StreamsService(Arc::clone(node)))
        .max_decoding_message_size(max)
        .max_encoding_message_size(usize::MAX);
    let store = StoreServer::new(StoreService(Arc::clone(node)))
        .max_decoding_message_size(std::cmp::max(max, store::MESSAGE_BYTES_MAX))
        .max_encoding_message_size(usize::MAX);
    let persistent = PersistentSubscriptionsService(Arc::clone(node));
    let persistent = PersistentSubscriptionsServer::new(persistent)
        .max_decoding_message_size(max)
        .max_encoding_message_size(usize::MAX);
    let streams_v2 = StreamsServiceServer::new(StreamsV2Service(Arc::clone(node)))
        .max_decoding_message_size(max);
    Routes::new(streams)
        .add_service(store)
        .add_service(streams_v2)
        .add_service(persistent)
        .add_service(umadb(node))
        .add_service(HealthServer::new(HealthService(Arc::clone(node))))
        .add_service(GossipServer::new(GossipService(Arc::clone(node))))
        .add_service(MonitoringServer::new(MonitoringService(Arc::clone(node))))
        .add_service(OperationsServer::new(OperationsService(Arc::clone(node))))
        .add_service(ProjectionsServer::new(ProjectionsService(Arc::clone(node))))
        .add_service(ServerFeaturesServer::new(FeaturesService))
        .add_service(UsersServer::new(UsersService(Arc::clone(node))))
}
