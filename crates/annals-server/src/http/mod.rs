//! Everything that is served on the one port: gRPC by its paths, and a little HTTP beside it.

pub(crate) mod authority;
mod health;
mod info;

use std::sync::Arc;

use annals_proto::annals::store_server::StoreServer;
use annals_proto::kurrentdb::{
    gossip::gossip_server::GossipServer,
    server_features::server_features_server::ServerFeaturesServer,
    streams::streams_server::StreamsServer,
};
use axum::{Router, middleware, routing::get};
use tonic::service::Routes;

use crate::{
    kurrent::{features::FeaturesService, gossip::GossipService, streams::StreamsService},
    node::Node,
    store::{self, StoreService},
};

/// All routes.
pub(crate) fn router(node: &Arc<Node>) -> Router {
    let http = Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/ping", get(info::ping))
        .route("/info", get(info::info))
        .route("/gossip", get(info::gossip))
        .with_state(Arc::clone(node));
    grpc(node).into_axum_router().merge(http).layer(middleware::from_fn(authority::note))
}

fn grpc(node: &Arc<Node>) -> Routes {
    let max = node.options.message_bytes_max;
    let streams = StreamsServer::new(StreamsService(Arc::clone(node)))
        .max_decoding_message_size(max)
        .max_encoding_message_size(usize::MAX);
    let store = StoreServer::new(StoreService(Arc::clone(node)))
        .max_decoding_message_size(std::cmp::max(max, store::MESSAGE_BYTES_MAX))
        .max_encoding_message_size(usize::MAX);
    Routes::new(streams)
        .add_service(store)
        .add_service(GossipServer::new(GossipService(Arc::clone(node))))
        .add_service(ServerFeaturesServer::new(FeaturesService))
}
