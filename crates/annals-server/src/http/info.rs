//! What clients and people may know of the server.

use std::sync::Arc;

use annals_core::{Clock, SystemClock};
use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::authority::Authority;
use crate::{kurrent::EMULATED_VERSION, node::Node};

/// That somebody is there.
pub(super) async fn ping() -> Json<Value> {
    Json(json!({ "text": "Ping request successfully handled" }))
}

/// Which server this is.
pub(super) async fn info() -> Json<Value> {
    Json(json!({
        "dbVersion": EMULATED_VERSION,
        "esVersion": EMULATED_VERSION,
        "annalsVersion": env!("CARGO_PKG_VERSION"),
        "state": "leader",
        "features": { "projections": false, "userManagement": true, "atomPub": false },
        "authentication": { "type": "basic", "properties": {} },
    }))
}

/// Who belongs to the cluster, as the gRPC service says it.
pub(super) async fn gossip(
    State(node): State<Arc<Node>>,
    authority: Option<Extension<Authority>>,
) -> Json<Value> {
    let authority = authority.map(|Extension(authority)| authority);
    let (host, port) = node.advertised(authority.as_ref());
    let head = node.store.head().await.ok().flatten();
    let head = head.map_or(0, crate::wire::position::to_wire);
    Json(json!({
        "members": [{
            "instanceId": node.instance.to_string(),
            "timeStamp": SystemClock.now().to_string(),
            "state": "Leader",
            "isAlive": true,
            "internalTcpIp": host,
            "internalTcpPort": 0,
            "externalTcpIp": host,
            "externalTcpPort": 0,
            "internalSecureTcpPort": 0,
            "externalSecureTcpPort": 0,
            "httpEndPointIp": host,
            "httpEndPointPort": port,
            "lastCommitPosition": head,
            "writerCheckpoint": head,
            "chaserCheckpoint": head,
            "epochPosition": 0,
            "epochNumber": 0,
            "epochId": node.instance.to_string(),
            "nodePriority": 0,
            "isReadOnlyReplica": false,
        }],
        "serverIp": host,
        "serverPort": port,
    }))
}
