//! What clients and people may know of the server.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{kurrent::EMULATED_VERSION, leader::Standing, node::Node};

/// That somebody is there.
pub(super) async fn ping() -> Json<Value> {
    Json(json!({ "text": "Ping request successfully handled" }))
}

/// Which server this is.
pub(super) async fn info(State(node): State<Arc<Node>>) -> Json<Value> {
    let state = match node.leadership.standing() {
        Standing::Follows(_) => "follower",
        Standing::Alone | Standing::Leads | Standing::Open => "leader",
    };
    Json(json!({
        "dbVersion": EMULATED_VERSION,
        "esVersion": EMULATED_VERSION,
        "annalsVersion": env!("CARGO_PKG_VERSION"),
        "state": state,
        "features": { "projections": false, "userManagement": true, "atomPub": false },
        "authentication": { "type": "basic", "properties": {} },
    }))
}
