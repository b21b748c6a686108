//! Appends and deletes.

use annals_core::{
    Append, AppendCondition, Appended, CheckpointWrite, DeleteMode, DeleteStream, Error, Name,
    Position, Result, StreamAppended, StreamName, StreamWrite, Version,
};
use annals_proto::annals as wire;

use super::{
    event::{expected, new_event},
    query::query,
};

/// The append that a client sends.
pub(crate) fn append(request: wire::AppendRequest) -> Result<Append> {
    let wire::AppendRequest { writes, interleaving, conditions, checkpoint } = request;
    let checkpoint = checkpoint.map(|checkpoint| {
        let position = Position::new(checkpoint.position);
        Ok::<_, Error>(CheckpointWrite { name: Name::new(checkpoint.name)?, position })
    });
    Ok(Append {
        writes: writes.into_iter().map(write).collect::<Result<_>>()?,
        interleaving,
        conditions: conditions.into_iter().map(condition).collect::<Result<_>>()?,
        checkpoint: checkpoint.transpose()?,
    })
}

fn write(write: wire::StreamWrite) -> Result<StreamWrite> {
    Ok(StreamWrite {
        stream: StreamName::new(write.stream)?,
        expected: expected(write.expected)?,
        events: write.events.into_iter().map(new_event).collect::<Result<_>>()?,
    })
}

fn condition(condition: wire::AppendCondition) -> Result<AppendCondition> {
    let query = query(condition.query)?;
    Ok(AppendCondition { query, after: condition.after.map(Position::new) })
}

/// What an append did.
pub(crate) fn appended(appended: Appended) -> wire::AppendResponse {
    let of_stream = |stream: StreamAppended| wire::StreamAppended {
        stream: stream.stream.as_str().to_owned(),
        first_version: stream.first_version.map(Version::get),
        last_version: stream.last_version.map(Version::get),
    };
    wire::AppendResponse {
        streams: appended.streams.into_iter().map(of_stream).collect(),
        position: appended.position.map(Position::get),
        duplicate: appended.duplicate,
    }
}

/// The delete that a client sends.
pub(crate) fn delete(request: wire::DeleteStreamRequest) -> Result<DeleteStream> {
    let mode = match request.mode() {
        wire::DeleteMode::Soft => DeleteMode::Soft,
        wire::DeleteMode::Tombstone => DeleteMode::Tombstone,
        wire::DeleteMode::Unspecified => {
            return Err(Error::invalid(
                "`mode` is not set: the stream can be closed for good or not",
            ));
        }
    };
    Ok(DeleteStream {
        stream: StreamName::new(request.stream)?,
        expected: expected(request.expected)?,
        mode,
    })
}
