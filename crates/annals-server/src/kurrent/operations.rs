//! Running the server from afar: stopping it, and what only makes sense in a cluster.

use std::sync::Arc;

use annals_proto::kurrentdb::{
    Empty,
    operations::{
        ScavengeResp, SetNodePriorityReq, StartScavengeReq, StopScavengeReq,
        operations_server::Operations,
    },
};
use tonic::{Code, Request, Response, Status};

use crate::{
    access::caller,
    node::Node,
    wire::status::{exception, status},
};

/// The service.
#[derive(Debug)]
pub(crate) struct OperationsService(pub(crate) Arc<Node>);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Operations for OperationsService {
    async fn start_scavenge(&self, request: Request<StartScavengeReq>) -> Answer<ScavengeResp> {
        self.check(&request)?;
        Err(Status::unimplemented(
            "stores cannot be scavenged yet: what retention hides stays where it is",
        ))
    }

    /// None is ever under way, so whichever is named is not there.
    async fn stop_scavenge(&self, request: Request<StopScavengeReq>) -> Answer<ScavengeResp> {
        self.check(&request)?;
        let id = request.into_inner().options.unwrap_or_default().scavenge_id;
        let message = "Scavenge id was invalid.";
        Err(exception(Code::NotFound, "scavenge-not-found", message, &[("scavenge-id", &id)]))
    }

    /// Answers, takes nothing new, and lets what is under way end.
    async fn shutdown(&self, request: Request<Empty>) -> Answer<Empty> {
        self.check(&request)?;
        tracing::info!("a client asked the server to stop");
        self.0.shutdown.notify_one();
        Ok(Response::new(Empty {}))
    }

    /// The indexes merge by themselves.
    async fn merge_indexes(&self, request: Request<Empty>) -> Answer<Empty> {
        self.check(&request)?;
        Ok(Response::new(Empty {}))
    }

    /// There is nobody else to lead.
    async fn resign_node(&self, request: Request<Empty>) -> Answer<Empty> {
        self.check(&request)?;
        Ok(Response::new(Empty {}))
    }

    /// There is nobody else to be preferred to.
    async fn set_node_priority(&self, request: Request<SetNodePriorityReq>) -> Answer<Empty> {
        self.check(&request)?;
        Ok(Response::new(Empty {}))
    }

    async fn restart_persistent_subscriptions(&self, request: Request<Empty>) -> Answer<Empty> {
        self.check(&request)?;
        self.0.drives_groups().await?;
        self.0.persistent.restart().await.map_err(|error| status(&error))?;
        Ok(Response::new(Empty {}))
    }
}

impl OperationsService {
    fn check<T>(&self, request: &Request<T>) -> Result<(), Status> {
        self.0.access.operations(&caller(request)).map_err(|error| status(&error))
    }
}
