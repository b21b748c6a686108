//! Everything that is served on the one port: gRPC by its paths, and a little HTTP beside it.

pub(crate) mod authority;
mod calls;
mod health;
mod info;
mod metrics;
mod stats;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use annals_proto::kurrentdb::{
    gossip::gossip_server::GossipServer,
    server_features::server_features_server::ServerFeaturesServer,
    streams::streams_server::StreamsServer,
};
use axum::{Router, middleware, routing::get};
use tonic::service::Routes;

use self::calls::Observe;
use crate::{
    kurrent::{features::FeaturesService, gossip::GossipService, streams::StreamsService},
    node::Node,
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
        .route("/gossip", get(info::gossip))
        .with_state(Arc::clone(node));
    grpc(node)
        .into_axum_router()
        .merge(http)
        .layer(middleware::from_fn(authority::note))
        .layer(Observe(Arc::clone(node)))
}

fn grpc(node: &Arc<Node>) -> Routes {
    let max = node.options.message_bytes_max;
    let streams = StreamsServer::new(StreamsService(Arc::clone(node)))
        .max_decoding_message_size(max)
        .max_encoding_message_size(usize::MAX);
    Routes::new(streams)
        .add_service(GossipServer::new(GossipService(Arc::clone(node))))
        .add_service(ServerFeaturesServer::new(FeaturesService))
}
