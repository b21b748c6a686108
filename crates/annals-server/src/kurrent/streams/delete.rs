//! Deleting a stream, for now or for good.

use annals_core::{DeleteMode, DeleteStream, Error, ExpectedVersion, Version};
use annals_proto::kurrentdb::{
    StreamIdentifier,
    streams::{
        DeleteReq, DeleteResp, TombstoneReq, TombstoneResp, delete_req, delete_resp, tombstone_req,
        tombstone_resp,
    },
};
use tonic::Status;

use crate::{
    access::{Caller, StreamRight},
    derived::refuse_write,
    node::Node,
    umadb,
    wire::{ids, position, status::status},
};

/// Deletes a stream so that the next append brings it back.
pub(super) async fn soft(
    node: &Node,
    caller: &Caller,
    request: DeleteReq,
) -> Result<DeleteResp, Status> {
    use delete_req::options::ExpectedStreamRevision as Wire;
    let options = request
        .options
        .ok_or_else(|| Status::invalid_argument("'options' is a required argument"))?;
    let expected = options.expected_stream_revision.map(|expected| match expected {
        Wire::Revision(revision) => ExpectedVersion::Exact(Version::new(revision)),
        Wire::NoStream(_) => ExpectedVersion::NoStream,
        Wire::Any(_) => ExpectedVersion::Any,
        Wire::StreamExists(_) => ExpectedVersion::StreamExists,
    });
    let at = delete(node, caller, options.stream_identifier, expected, DeleteMode::Soft).await?;
    let at = delete_resp::Position { commit_position: at, prepare_position: at };
    Ok(DeleteResp { position_option: Some(delete_resp::PositionOption::Position(at)) })
}

/// Closes a stream for good.
pub(super) async fn tombstone(
    node: &Node,
    caller: &Caller,
    request: TombstoneReq,
) -> Result<TombstoneResp, Status> {
    use tombstone_req::options::ExpectedStreamRevision as Wire;
    let options = request
        .options
        .ok_or_else(|| Status::invalid_argument("'options' is a required argument"))?;
    let expected = options.expected_stream_revision.map(|expected| match expected {
        Wire::Revision(revision) => ExpectedVersion::Exact(Version::new(revision)),
        Wire::NoStream(_) => ExpectedVersion::NoStream,
        Wire::Any(_) => ExpectedVersion::Any,
        Wire::StreamExists(_) => ExpectedVersion::StreamExists,
    });
    let stream = options.stream_identifier;
    let at = delete(node, caller, stream, expected, DeleteMode::Tombstone).await?;
    let at = tombstone_resp::Position { commit_position: at, prepare_position: at };
    Ok(TombstoneResp { position_option: Some(tombstone_resp::PositionOption::Position(at)) })
}

async fn delete(
    node: &Node,
    caller: &Caller,
    stream: Option<StreamIdentifier>,
    expected: Option<ExpectedVersion>,
    mode: DeleteMode,
) -> Result<u64, Status> {
    let work = async {
        let stream = ids::stream_name(stream)?;
        refuse_write(&stream)?;
        umadb::refuse_delete(&stream)?;
        let expected = expected
            .ok_or_else(|| Error::invalid("'expected_stream_revision' is a required argument"))?;
        node.access.stream(caller, &stream, StreamRight::Delete).await?;
        node.store.delete_stream(DeleteStream { stream, expected, mode }).await
    };
    let deleted = work.await.map_err(|error| status(&error))?;
    Ok(position::to_wire(deleted.position))
}
