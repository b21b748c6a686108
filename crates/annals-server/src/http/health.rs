//! Whether the server lives and whether it can work, for those who start and watch it.
//!
//! `GET` and `HEAD` are answered alike, and to anybody.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;
use tokio::time;

use crate::node::Node;

/// What a prober may ask for: the code that it takes for alive, where it does not take 204.
const LIVE_CODE: &str = "liveCode=";

/// How long the store may take to say where its end is.
const STORE_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

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

/// The store answers, and the server is not stopping.
pub(super) async fn ready(State(node): State<Arc<Node>>) -> Response {
    let mut failing = Vec::new();
    if node.stopping.has_begun() {
        failing.push(json!({ "check": "running", "why": "the server is stopping" }));
    }
    let why = match time::timeout(STORE_ANSWERS_WITHIN, node.store.head()).await {
        Ok(Ok(_)) => None,
        // Its kind only: anybody may ask.
        Ok(Err(error)) => Some(error.kind().code()),
        Err(_) => Some("it did not answer in time"),
    };
    failing.extend(why.map(|why| json!({ "check": "store", "why": why })));
    if failing.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "failing": failing }))).into_response()
}
