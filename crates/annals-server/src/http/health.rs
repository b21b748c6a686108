//! Whether the server lives and whether it can work, for those who start and watch it.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use crate::node::Node;

/// The process answers.
pub(super) async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The store answers, and the server is not stopping.
pub(super) async fn ready(State(node): State<Arc<Node>>) -> StatusCode {
    if !node.stopping.has_begun() && node.store.head().await.is_ok() {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}
