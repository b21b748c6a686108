//! Who belongs to the cluster: this server alone, and it leads.

use std::sync::Arc;

use annals_core::{Clock, SystemClock};
use annals_proto::kurrentdb::{
    Empty,
    gossip::{ClusterInfo, EndPoint, MemberInfo, gossip_server::Gossip, member_info::VNodeState},
};
use tonic::{Request, Response, Status};

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
        let asked = request.extensions().get::<Authority>();
        let (address, port) = self.0.advertised(asked);
        let member = MemberInfo {
            instance_id: Some(ids::uuid_to_wire(self.0.instance, UuidForm::Structured)),
            time_stamp: SystemClock.now().as_micros().saturating_mul(10),
            state: VNodeState::Leader as i32,
            is_alive: true,
            http_end_point: Some(EndPoint { address, port: u32::from(port) }),
        };
        Ok(Response::new(ClusterInfo { members: vec![member] }))
    }
}
