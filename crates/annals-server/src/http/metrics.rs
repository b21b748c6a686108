//! `/metrics`: what is counted, for Prometheus.

use std::{sync::Arc, time::Duration};

use annals_core::StoreInfo;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use tokio::time;

use crate::node::Node;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How long a scrape waits for the store; afterwards it goes without.
const STORE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn metrics(State(node): State<Arc<Node>>) -> Response {
    let store = store(&node).await;
    match node.metrics.text(store) {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What the store says of itself, if it does so soon.
pub(super) async fn store(node: &Node) -> Option<StoreInfo> {
    let info = time::timeout(STORE_ANSWERS_WITHIN, node.store.info()).await;
    match info {
        Ok(Ok(info)) => Some(info),
        Ok(Err(_)) | Err(_) => None,
    }
}
