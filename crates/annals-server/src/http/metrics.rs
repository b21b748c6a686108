//! `/metrics`: what is counted, for Prometheus.

use std::{sync::Arc, time::Duration};

use annals_core::StoreInfo;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use futures_lite::future;
use http::{StatusCode, header};
use tokio::time;

use crate::{kurrent::persistent::watch::watched, metrics::Seen, node::Node};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How long a scrape waits for the store; afterwards it goes without.
const STORE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn metrics(State(node): State<Arc<Node>>) -> Response {
    let seen = seen(&node).await;
    match node.metrics.text(seen) {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What the store and the groups say of themselves, if they do so soon.
async fn seen(node: &Node) -> Seen {
    let groups = time::timeout(STORE_ANSWERS_WITHIN, watched(node));
    let (info, groups) = future::zip(store(node), groups).await;
    let (groups, left_out) = groups.unwrap_or_default();
    node.metrics.calls.dropped.inc_by(left_out as u64);
    let catch_up_lag = info.as_ref().map(|info| node.metrics.catch_up_lag(info.head));
    Seen { info, work: node.store.work(), groups, nodes: node.store.nodes(), catch_up_lag }
}

/// What the store says of itself, if it does so soon.
pub(super) async fn store(node: &Node) -> Option<StoreInfo> {
    let info = time::timeout(STORE_ANSWERS_WITHIN, node.store.info()).await;
    match info {
        Ok(Ok(info)) => Some(info),
        Ok(Err(_)) | Err(_) => None,
    }
}
