//! Calls that write.

use annals_core::{Result, StreamMetadata, StreamName};
use annals_proto::annals as wire;

use super::rights;
use crate::{
    access::{Caller, StreamRight},
    derived::refuse_write,
    node::Node,
    wire::own::{append as convert, event::expected, restore as convert_restore},
};

pub(super) async fn append(
    node: &Node,
    caller: &Caller,
    request: wire::AppendRequest,
) -> Result<wire::AppendResponse> {
    let append = convert::append(request)?;
    rights::append(node, caller, &append).await?;
    append.writes.iter().try_for_each(|write| refuse_write(&write.stream))?;
    node.store.append(append).await.map(convert::appended)
}

pub(super) async fn delete(
    node: &Node,
    caller: &Caller,
    request: wire::DeleteStreamRequest,
) -> Result<wire::DeleteStreamResponse> {
    let delete = convert::delete(request)?;
    node.access.stream(caller, &delete.stream, StreamRight::Delete).await?;
    refuse_write(&delete.stream)?;
    let deleted = node.store.delete_stream(delete).await?;
    Ok(wire::DeleteStreamResponse { position: deleted.position.get() })
}

pub(super) async fn settings(
    node: &Node,
    caller: &Caller,
    request: wire::SetStreamMetadataRequest,
) -> Result<wire::AppendResponse> {
    let stream = StreamName::new(request.stream)?;
    let expected = expected(request.expected)?;
    let metadata = StreamMetadata::parse(&request.metadata_json)?;
    node.access.stream(caller, &stream, StreamRight::MetadataWrite).await?;
    let set = node.store.set_stream_metadata(&stream, expected, &metadata).await?;
    Ok(convert::appended(set))
}

pub(super) async fn restore(
    node: &Node,
    caller: &Caller,
    request: wire::RestoreRequest,
) -> Result<wire::RestoreResponse> {
    rights::store(node, caller).await?;
    node.store.restore(convert_restore::restore(request)?).await?;
    Ok(wire::RestoreResponse {})
}
