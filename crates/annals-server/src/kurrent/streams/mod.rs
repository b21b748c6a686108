//! The service `Streams`: appending, reading, following and deleting.

mod answer;
mod append;
mod batch;
mod batch_error;
mod delete;
mod follow;
mod read;
mod request;

use std::sync::Arc;

use annals_core::{BoxStream, Result};
use annals_proto::kurrentdb::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq,
    ReadResp, TombstoneReq, TombstoneResp, streams_server::Streams,
};
use tonic::{Request, Response, Status, Streaming};

use self::request::{Asked, Extent, What};
use crate::{
    access::{Caller, StreamRight, caller},
    node::Node,
    wire::status::status,
};

/// What a call that streams answers with.
type ResponseStream<T = ReadResp> = BoxStream<'static, Result<T, Status>>;

/// The service.
#[derive(Debug)]
pub(crate) struct StreamsService(pub(crate) Arc<Node>);

#[tonic::async_trait]
impl Streams for StreamsService {
    type ReadStream = ResponseStream;
    type BatchAppendStream = ResponseStream<BatchAppendResp>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<ResponseStream>, Status> {
        let caller = caller(&request);
        let asked = Asked::new(request.into_inner().options).map_err(|error| status(&error))?;
        may_read(&self.0, &caller, &asked.what).await?;
        is_there(&self.0, &asked.what).await?;
        let answers = match asked.extent {
            Extent::Count(count, direction) => {
                read::respond(&self.0, &caller, asked, count, direction).await
            }
            Extent::Subscription => follow::respond(&self.0, &caller, asked).await,
        };
        Ok(Response::new(answers?))
    }

    async fn append(
        &self,
        request: Request<Streaming<AppendReq>>,
    ) -> Result<Response<AppendResp>, Status> {
        let caller = caller(&request);
        append::append(&self.0, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<ResponseStream<BatchAppendResp>>, Status> {
        let caller = caller(&request);
        let answers = batch::respond(Arc::clone(&self.0), caller, request.into_inner());
        Ok(Response::new(answers))
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        let caller = caller(&request);
        delete::soft(&self.0, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn tombstone(
        &self,
        request: Request<TombstoneReq>,
    ) -> Result<Response<TombstoneResp>, Status> {
        let caller = caller(&request);
        delete::tombstone(&self.0, &caller, request.into_inner()).await.map(Response::new)
    }
}

async fn may_read(node: &Node, caller: &Caller, what: &What) -> Result<(), Status> {
    let checked = match what {
        What::Stream { stream, .. } if stream.is_metastream() => {
            node.access.stream(caller, stream, StreamRight::MetadataRead).await
        }
        What::Stream { stream, .. } => node.access.stream(caller, stream, StreamRight::Read).await,
        What::All { .. } => node.access.all(caller).await,
    };
    checked.map_err(|error| status(&error))
}

/// Refuses to read an index that is not there.
async fn is_there(node: &Node, what: &What) -> Result<(), Status> {
    match what {
        What::All { filter: Some((filter, _)), .. } => match filter.index() {
            Some(index) => index.check(node.store.as_ref()).await.map_err(|error| status(&error)),
            None => Ok(()),
        },
        What::All { filter: None, .. } | What::Stream { .. } => Ok(()),
    }
}
