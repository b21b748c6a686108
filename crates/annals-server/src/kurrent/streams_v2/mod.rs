//! The service `StreamsService`, version 2: appends to many streams at once, all or nothing.

mod error;
mod record;
mod records;
mod session;
mod state;

use std::sync::Arc;

use annals_core::{Error, Position, Result, StreamName};
use annals_proto::kurrentdb_v2::{
    AppendRecordsRequest, AppendRecordsResponse, AppendRequest, AppendSessionResponse,
    streams_service_server::StreamsService as Service,
};
use tonic::{Request, Response, Status, Streaming};

use crate::{
    access::{Caller, StreamRight, caller},
    derived::refuse_write,
    node::Node,
    wire::position,
};

/// The service.
#[derive(Debug)]
pub(crate) struct StreamsV2Service(pub(crate) Arc<Node>);

#[tonic::async_trait]
impl Service for StreamsV2Service {
    async fn append_session(
        &self,
        request: Request<Streaming<AppendRequest>>,
    ) -> Result<Response<AppendSessionResponse>, Status> {
        let caller = caller(&request);
        session::append(&self.0, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn append_records(
        &self,
        request: Request<AppendRecordsRequest>,
    ) -> Result<Response<AppendRecordsResponse>, Status> {
        let caller = caller(&request);
        records::append(&self.0, &caller, request.into_inner()).await.map(Response::new)
    }
}

/// The stream that a message names.
fn stream_name(stream: Option<String>) -> Result<StreamName, Status> {
    let stream = stream.ok_or_else(|| error::bad_request("stream", "stream is required"))?;
    StreamName::new(stream).map_err(|why| error::bad_request("stream", &why.to_string()))
}

/// Whether the caller may write to a stream.
async fn may_write(node: &Node, caller: &Caller, stream: &StreamName) -> Result<(), Error> {
    refuse_write(stream)?;
    let right =
        if stream.is_metastream() { StreamRight::MetadataWrite } else { StreamRight::Write };
    node.access.stream(caller, stream, right).await
}

/// A number of the store as this protocol has it.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A position of the store as this protocol has it.
fn wire_position(at: Position) -> i64 {
    number(position::to_wire(at))
}
