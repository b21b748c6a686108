//! `/gossip`: who belongs to the cluster, as the gRPC service says it.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::authority::Authority;
use crate::{
    kurrent::members::{Member, members},
    node::Node,
    wire::position,
};

pub(super) async fn gossip(
    State(node): State<Arc<Node>>,
    authority: Option<Extension<Authority>>,
) -> Json<Value> {
    let authority = authority.map(|Extension(authority)| authority);
    let members = members(&node, authority.as_ref());
    let head = node.store.head().await.ok().flatten().map_or(0, position::to_wire);
    let epoch = members.iter().find(|member| member.leads).map(|leader| leader.id.to_string());
    let (host, port) = node.advertised(authority.as_ref());
    let told: Vec<_> = members.iter().map(|member| one(member, head, epoch.as_deref())).collect();
    Json(json!({ "members": told, "serverIp": host, "serverPort": port }))
}

fn one(member: &Member, head: u64, epoch: Option<&str>) -> Value {
    let host = &member.address.host;
    json!({
        "instanceId": member.id.to_string(),
        "timeStamp": member.heard_at.to_string(),
        "state": if member.leads { "Leader" } else { "Follower" },
        "isAlive": member.is_alive,
        "internalTcpIp": host,
        "internalTcpPort": 0,
        "externalTcpIp": host,
        "externalTcpPort": 0,
        "internalSecureTcpPort": 0,
        "externalSecureTcpPort": 0,
        "httpEndPointIp": host,
        "httpEndPointPort": member.address.port,
        "lastCommitPosition": head,
        "writerCheckpoint": head,
        "chaserCheckpoint": head,
        "epochPosition": 0,
        "epochNumber": 0,
        "epochId": epoch,
        "nodePriority": 0,
        "isReadOnlyReplica": false,
    })
}
