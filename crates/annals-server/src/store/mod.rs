//! Annals' own service: one call for each thing a store does.
//!
//! A client that goes away ends its reads and subscriptions with it: they only work when the
//! transport asks them for more. A write that was taken in is finished all the same.

mod batch;
mod follow;
mod list;
mod read;
mod rights;
mod write;

use std::sync::Arc;

use annals_core::{BoxStream, Name, Position, Result, StreamName, limits};
use annals_proto::annals::{self as wire, store_server::Store};
use tonic::{Request, Response, Status};

use crate::{
    access::{Caller, caller},
    http::fresh::catch_up,
    node::Node,
    wire::own::{error::status, info, state},
};

/// The largest message that is taken, in bytes: the largest append with as much again for names,
/// ids and what a message puts around them.
pub(crate) const MESSAGE_BYTES_MAX: usize = 2 * limits::APPEND_BYTES_MAX;

/// What a call that streams answers with.
type Answers<T> = BoxStream<'static, Result<T, Status>>;
/// What a call answers with.
type Answer<T> = Result<Response<T>, Status>;

/// The service.
#[derive(Debug)]
pub(crate) struct StoreService(pub(crate) Arc<Node>);

/// Answers a call with one message.
async fn answer<Q, A>(
    request: Request<Q>,
    work: impl AsyncFnOnce(&Caller, Q) -> Result<A>,
) -> Answer<A> {
    let caller = caller(&request);
    let done = work(&caller, request.into_inner()).await;
    done.map(Response::new).map_err(|error| status(&error))
}

#[tonic::async_trait]
impl Store for StoreService {
    type ReadStream = Answers<wire::ReadResponse>;
    type SubscribeStream = Answers<wire::SubscribeResponse>;
    type ListStreamsStream = Answers<wire::ListStreamsResponse>;
    type ListStatesStream = Answers<wire::ListStatesResponse>;

    async fn append(&self, request: Request<wire::AppendRequest>) -> Answer<wire::AppendResponse> {
        answer(request, async |caller, request| write::append(&self.0, caller, request).await).await
    }

    async fn delete_stream(
        &self,
        request: Request<wire::DeleteStreamRequest>,
    ) -> Answer<wire::DeleteStreamResponse> {
        answer(request, async |caller, request| write::delete(&self.0, caller, request).await).await
    }

    async fn set_stream_metadata(
        &self,
        request: Request<wire::SetStreamMetadataRequest>,
    ) -> Answer<wire::AppendResponse> {
        answer(request, async |caller, request| write::settings(&self.0, caller, request).await)
            .await
    }

    async fn read(&self, request: Request<wire::ReadRequest>) -> Answer<Self::ReadStream> {
        answer(request, async |caller, request| read::respond(&self.0, caller, request).await).await
    }

    async fn subscribe(
        &self,
        request: Request<wire::SubscribeRequest>,
    ) -> Answer<Self::SubscribeStream> {
        answer(request, async |caller, request| follow::respond(&self.0, caller, request).await)
            .await
    }

    async fn get_head(
        &self,
        request: Request<wire::GetHeadRequest>,
    ) -> Answer<wire::GetHeadResponse> {
        answer(request, async |caller, _| {
            rights::whole(&self.0, caller).await?;
            let head = self.0.store.head().await?;
            Ok(wire::GetHeadResponse { position: head.map(Position::get) })
        })
        .await
    }

    async fn catch_up(
        &self,
        request: Request<wire::CatchUpRequest>,
    ) -> Answer<wire::CatchUpResponse> {
        answer(request, async |caller, request| {
            rights::whole(&self.0, caller).await?;
            let head = catch_up(self.0.store.as_ref(), info::freshness(request.to)?).await?;
            Ok(wire::CatchUpResponse { position: head.map(Position::get) })
        })
        .await
    }

    async fn get_stream_info(
        &self,
        request: Request<wire::GetStreamInfoRequest>,
    ) -> Answer<wire::GetStreamInfoResponse> {
        answer(request, async |caller, request| {
            let stream = StreamName::new(request.stream)?;
            rights::stream_info(&self.0, caller, &stream).await?;
            Ok(info::stream(&self.0.store.stream_info(&stream).await?))
        })
        .await
    }

    async fn list_streams(
        &self,
        request: Request<wire::ListStreamsRequest>,
    ) -> Answer<Self::ListStreamsStream> {
        answer(request, async |caller, request| list::streams(&self.0, caller, request).await).await
    }

    async fn get_state(
        &self,
        request: Request<wire::GetStateRequest>,
    ) -> Answer<wire::GetStateResponse> {
        answer(request, async |caller, request| {
            rights::state(&self.0, caller)?;
            let entry = self.0.store.state(&state::key(request.key)?).await?;
            Ok(wire::GetStateResponse { entry: entry.map(state::entry) })
        })
        .await
    }

    async fn put_state(
        &self,
        request: Request<wire::PutStateRequest>,
    ) -> Answer<wire::PutStateResponse> {
        answer(request, async |caller, request| {
            rights::state(&self.0, caller)?;
            let revision = self.0.store.put_state(state::put(request)?).await?;
            Ok(wire::PutStateResponse { revision })
        })
        .await
    }

    async fn list_states(
        &self,
        request: Request<wire::ListStatesRequest>,
    ) -> Answer<Self::ListStatesStream> {
        answer(request, async |caller, request| list::states(&self.0, caller, request).await).await
    }

    async fn get_checkpoint(
        &self,
        request: Request<wire::GetCheckpointRequest>,
    ) -> Answer<wire::GetCheckpointResponse> {
        answer(request, async |caller, request| {
            rights::state(&self.0, caller)?;
            let position = self.0.store.checkpoint(&Name::new(request.name)?).await?;
            Ok(wire::GetCheckpointResponse { position: position.map(Position::get) })
        })
        .await
    }

    async fn get_store_info(
        &self,
        request: Request<wire::GetStoreInfoRequest>,
    ) -> Answer<wire::GetStoreInfoResponse> {
        answer(request, async |caller, _| {
            rights::whole(&self.0, caller).await?;
            Ok(info::store(self.0.store.info().await?))
        })
        .await
    }

    /// Everybody may ask: it says nothing of what the store holds.
    async fn get_capabilities(
        &self,
        request: Request<wire::GetCapabilitiesRequest>,
    ) -> Answer<wire::GetCapabilitiesResponse> {
        answer(request, async |_, _| Ok(info::capabilities(self.0.store.capabilities()))).await
    }

    async fn restore(
        &self,
        request: Request<wire::RestoreRequest>,
    ) -> Answer<wire::RestoreResponse> {
        answer(request, async |caller, request| write::restore(&self.0, caller, request).await)
            .await
    }
}
