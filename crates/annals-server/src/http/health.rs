//! Whether the server lives and whether it can work, for those who start and watch it.
//!
//! `GET` and `HEAD` are answered alike, and to anybody.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;

use super::failing::{Failing, failing};
use crate::node::Node;

/// What a prober may ask for: the code that it takes for alive, where it does not take 204.
const LIVE_CODE: &str = "liveCode=";

/// The process answers, and is not stopping.
///
/// A store that cannot be reached does not matter here: starting anew would not mend it.
pub(super) async fn live(State(node): State<Arc<Node>>, RawQuery(query): RawQuery) -> StatusCode {
    if node.stopping.has_begun() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let query = query.unwrap_or_default();
    let wished = query.split('&').find_map(|part| part.strip_prefix(LIVE_CODE));
    let wished = wished.and_then(|code| code.parse().ok());
    wished.filter(StatusCode::is_success).unwrap_or(StatusCode::NO_CONTENT)
}

/// The process has started: nothing is answered before the store is open.
pub(super) async fn startup() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The store answers, this node of it is with the others, and the server is not stopping.
pub(super) async fn ready(State(node): State<Arc<Node>>) -> Response {
    let failing = failing(&node).await;
    if failing.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let failing: Vec<_> = failing.iter().map(Failing::json).collect();
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "failing": failing }))).into_response()
}
