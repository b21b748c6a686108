//! Whether the server can work, in the words that gRPC has for it; UmaDB's clients ask so.
//!
//! `http/health.rs` says the same over HTTP.

use std::sync::Arc;

use annals_core::BoxStream;
use annals_proto::grpc_health::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_server::Health,
};
use futures_lite::StreamExt;
use futures_util::stream;
use tonic::{Request, Response, Status};

use crate::{http::failing::failing, node::Node};

/// The service.
#[derive(Debug)]
pub(crate) struct HealthService(pub(crate) Arc<Node>);

/// Whom one can ask about: the server as a whole, and each service that is always there. All fare
/// as the server does.
const KNOWN: &[&str] = &[
    "",
    "event_store.client.streams.Streams",
    "kurrentdb.protocol.v2.streams.StreamsService",
    "umadb.v1.DCB",
];

#[tonic::async_trait]
impl Health for HealthService {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        if !KNOWN.contains(&service.as_str()) {
            return Err(Status::not_found(format!("service `{service}` is not known")));
        }
        Ok(Response::new(answer(now(&self.0).await)))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let first = if KNOWN.contains(&request.into_inner().service.as_str()) {
            now(&self.0).await
        } else {
            ServingStatus::ServiceUnknown
        };
        let stopping = self.0.stopping.clone();
        let last = stream::once(async move {
            stopping.wait().await;
            Ok(answer(ServingStatus::NotServing))
        });
        let answers = stream::iter([Ok(answer(first))]);
        Ok(Response::new(StreamExt::chain(answers, last).boxed()))
    }
}

async fn now(node: &Node) -> ServingStatus {
    if failing(node).await.is_empty() { ServingStatus::Serving } else { ServingStatus::NotServing }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
