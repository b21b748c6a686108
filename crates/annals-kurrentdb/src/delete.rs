//! Deleting a stream, for now or for good.

use annals_client::Lost;
use annals_core::{DeleteMode, DeleteStream, Deleted, ExpectedVersion, Position, Result};
use annals_proto::kurrentdb::{
    Empty,
    streams::{
        DeleteReq, TombstoneReq, delete_req, delete_resp::PositionOption as SoftPosition,
        tombstone_req, tombstone_resp::PositionOption as HardPosition,
    },
};

use crate::{connect::Shared, wire::ids};

/// Deletes a stream.
pub(crate) async fn delete(shared: &Shared, delete: &DeleteStream) -> Result<Deleted> {
    shared.check_open()?;
    shared.starting.settled().await;
    let position = match delete.mode {
        DeleteMode::Soft => soft(shared, delete).await,
        DeleteMode::Tombstone => hard(shared, delete).await,
    }?;
    let position = position.ok_or_else(|| ids::unreadable("the position of a deletion"))?;
    Ok(Deleted { position: Position::new(position) })
}

async fn soft(shared: &Shared, delete: &DeleteStream) -> Result<Option<u64>> {
    use delete_req::options::ExpectedStreamRevision as Expected;
    let expected = match delete.expected {
        ExpectedVersion::Any => Expected::Any(Empty {}),
        ExpectedVersion::NoStream => Expected::NoStream(Empty {}),
        ExpectedVersion::StreamExists => Expected::StreamExists(Empty {}),
        ExpectedVersion::Exact(version) => Expected::Revision(version.get()),
    };
    let options = delete_req::Options {
        stream_identifier: Some(ids::stream_to_wire(&delete.stream)),
        expected_stream_revision: Some(expected),
    };
    let call = shared.call(Lost::Once, |mut client| {
        let request = DeleteReq { options: Some(options.clone()) };
        async move { client.delete(request).await }
    });
    Ok(match call.await?.position_option {
        Some(SoftPosition::Position(at)) => Some(at.commit_position),
        Some(SoftPosition::NoPosition(_)) | None => None,
    })
}

async fn hard(shared: &Shared, delete: &DeleteStream) -> Result<Option<u64>> {
    use tombstone_req::options::ExpectedStreamRevision as Expected;
    let expected = match delete.expected {
        ExpectedVersion::Any => Expected::Any(Empty {}),
        ExpectedVersion::NoStream => Expected::NoStream(Empty {}),
        ExpectedVersion::StreamExists => Expected::StreamExists(Empty {}),
        ExpectedVersion::Exact(version) => Expected::Revision(version.get()),
    };
    let options = tombstone_req::Options {
        stream_identifier: Some(ids::stream_to_wire(&delete.stream)),
        expected_stream_revision: Some(expected),
    };
    let call = shared.call(Lost::Once, |mut client| {
        let request = TombstoneReq { options: Some(options.clone()) };
        async move { client.tombstone(request).await }
    });
    Ok(match call.await?.position_option {
        Some(HardPosition::Position(at)) => Some(at.commit_position),
        Some(HardPosition::NoPosition(_)) | None => None,
    })
}
