//! Who belongs to the cluster.

use std::sync::Arc;

use annals_proto::kurrentdb::{
    Empty,
    gossip::{ClusterInfo, EndPoint, MemberInfo, gossip_server::Gossip, member_info::VNodeState},
};
use tonic::{Request, Response, Status};

use super::members::{Member, members};
use crate::{
    http::authority::Authority,
    node::Node,
    wire::ids::{self, UuidForm},
};

/// The service.
#[derive(Debug)]
pub(crate) struct GossipService(pub(crate) Arc<Node>);

#[tonic::async_trait]
impl Gossip for GossipService {
    async fn read(&self, request: Request<Empty>) -> Result<Response<ClusterInfo>, Status> {
        let members = members(&self.0, request.extensions().get::<Authority>());
        Ok(Response::new(ClusterInfo { members: members.into_iter().map(info).collect() }))
    }
}

fn info(member: Member) -> MemberInfo {
    let state = if member.leads { VNodeState::Leader } else { VNodeState::Follower };
    MemberInfo {
        instance_id: Some(ids::uuid_to_wire(member.id, UuidForm::Structured)),
        time_stamp: member.heard_at.as_micros().saturating_mul(10),
        state: state as i32,
        is_alive: member.is_alive,
        http_end_point: Some(EndPoint {
            address: member.address.host,
            port: u32::from(member.address.port),
        }),
    }
}
