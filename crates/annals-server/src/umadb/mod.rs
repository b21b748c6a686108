//! The protocol of UmaDB: one sequence of tagged events, guarded by queries.
//!
//! Its events belong to no stream, and here every event does. Those that come through this protocol
//! all go into one, [`STREAM`], with any version expected:
//!
//! * Nothing can conflict but the query that the writer gave; versions never do.
//! * An append stays one write, so its order is kept and a repetition is noticed for the whole of
//!   it. With a stream for each type or tag it would fall into several, each judged alone.
//! * No name has to be made from types or tags, which may be longer than a name or hold a `-` that
//!   means something in one.
//! * It is a stream as any other, so that lists by category and type and indexes hold its events,
//!   and API keys may write to it. Only deleting it is refused, because closed for good it would
//!   close the protocol.
//!
//! Reads and conditions look at the whole store, whoever wrote: what a condition can meet, a reader
//! can see, the system's own events included. Were some hidden, a writer could fail for ever because
//! of an event that it never gets to read.
//!
//! What differs from UmaDB: an event with the id of a recent one is a repetition and is not stored
//! again, also without a condition; and the limits are those of this store.

mod append;
mod batches;
mod error;
mod event;
mod query;
mod read;

use std::sync::Arc;

use annals_core::{BoxStream, Error, Name, Position, Result, StreamName};
use annals_proto::umadb::{
    AppendRequest, AppendResponse, HeadRequest, HeadResponse, ReadRequest, ReadResponse,
    SubscribeRequest, SubscribeResponse, TrackingRequest, TrackingResponse, dcb_server::Dcb,
};
use bytestring::ByteString;
use tonic::{Request, Response, Status};

use self::error::status;
use crate::{access::caller, node::Node, wire::position};

/// Where the events go that come through this protocol.
const STREAM: &str = "umadb";

/// What stands before the name of a source, so that its progress is no other consumer's.
const TRACKING_PREFIX: &str = "umadb/";

/// The service.
#[derive(Debug)]
pub(crate) struct UmaDbService(pub(crate) Arc<Node>);

#[tonic::async_trait]
impl Dcb for UmaDbService {
    type ReadStream = BoxStream<'static, Result<ReadResponse, Status>>;
    type SubscribeStream = BoxStream<'static, Result<SubscribeResponse, Status>>;

    async fn read(
        &self,
        request: Request<ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        self.may_read(&request).await?;
        let caller = caller(&request);
        let answers = read::read(&self.0, &caller, request.into_inner()).await;
        answers.map(Response::new).map_err(|error| status(&error))
    }

    async fn subscribe(
        &self,
        request: Request<SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        self.may_read(&request).await?;
        let caller = caller(&request);
        let answers = read::subscribe(&self.0, &caller, request.into_inner());
        answers.map(Response::new).map_err(|error| status(&error))
    }

    async fn append(
        &self,
        request: Request<AppendRequest>,
    ) -> Result<Response<AppendResponse>, Status> {
        let caller = caller(&request);
        let position = append::append(&self.0, &caller, request.into_inner()).await;
        let position = position.map_err(|error| status(&error))?;
        Ok(Response::new(AppendResponse { position }))
    }

    async fn head(&self, request: Request<HeadRequest>) -> Result<Response<HeadResponse>, Status> {
        self.may_read(&request).await?;
        let head = self.0.store.head().await.map_err(|error| status(&error))?;
        Ok(Response::new(HeadResponse { position: head.map(position::to_wire) }))
    }

    async fn get_tracking_info(
        &self,
        request: Request<TrackingRequest>,
    ) -> Result<Response<TrackingResponse>, Status> {
        self.may_read(&request).await?;
        let reached = async {
            let name = tracking_name(&request.into_inner().source)?;
            self.0.store.checkpoint(&name).await
        };
        let reached = reached.await.map_err(|error| status(&error))?;
        Ok(Response::new(TrackingResponse { position: reached.map(Position::get) }))
    }
}

impl UmaDbService {
    async fn may_read<T>(&self, request: &Request<T>) -> Result<(), Status>
    where
        T: Sync,
    {
        let caller = caller(request);
        self.0.access.all(&caller).await.map_err(|error| status(&error))
    }
}

/// The stream of this protocol.
fn stream() -> StreamName {
    StreamName::from_stored(ByteString::from_static(STREAM))
}

/// Refuses to delete the stream of this protocol.
///
/// # Errors
/// `InvalidArgument`.
pub(crate) fn refuse_delete(name: &StreamName) -> Result<()> {
    if name.as_str() != STREAM {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "stream `{STREAM}` takes the events of UmaDB's clients and cannot be deleted"
    )))
}

/// The name under which the progress with a source is kept. Positions of a source are those of
/// another store, and are kept as they come.
fn tracking_name(source: &str) -> Result<Name> {
    Name::new(format!("{TRACKING_PREFIX}{source}"))
}
