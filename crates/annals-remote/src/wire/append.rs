//! Appends and deletes.

use annals_core::{
    Append, AppendCondition, Appended, DeleteMode, DeleteStream, Position, Result, StreamAppended,
    StreamName, StreamWrite, Version,
};
use annals_proto::annals as wire;

use super::{
    event::{expected, new_event},
    query::query,
};

/// An append as a message.
pub(crate) fn append(append: Append) -> wire::AppendRequest {
    let Append { writes, interleaving, conditions, checkpoint } = append;
    let write = |write: StreamWrite| wire::StreamWrite {
        stream: write.stream.to_string(),
        expected: Some(expected(write.expected)),
        events: write.events.into_iter().map(new_event).collect(),
    };
    let condition = |condition: AppendCondition| wire::AppendCondition {
        query: Some(query(&condition.query)),
        after: condition.after.map(Position::get),
    };
    wire::AppendRequest {
        writes: writes.into_iter().map(write).collect(),
        interleaving,
        conditions: conditions.into_iter().map(condition).collect(),
        checkpoint: checkpoint.map(|checkpoint| wire::CheckpointWrite {
            name: checkpoint.name.to_string(),
            position: checkpoint.position.get(),
        }),
    }
}

/// What an append did.
pub(crate) fn appended(response: wire::AppendResponse) -> Result<Appended> {
    let of_stream = |stream: wire::StreamAppended| {
        Ok(StreamAppended {
            stream: StreamName::new(stream.stream)?,
            first_version: stream.first_version.map(Version::new),
            last_version: stream.last_version.map(Version::new),
        })
    };
    Ok(Appended {
        streams: response.streams.into_iter().map(of_stream).collect::<Result<_>>()?,
        position: response.position.map(Position::new),
        duplicate: response.duplicate,
    })
}

/// A delete as a message.
pub(crate) fn delete(delete: &DeleteStream) -> wire::DeleteStreamRequest {
    let mode = match delete.mode {
        DeleteMode::Soft => wire::DeleteMode::Soft,
        DeleteMode::Tombstone => wire::DeleteMode::Tombstone,
    };
    wire::DeleteStreamRequest {
        stream: delete.stream.to_string(),
        expected: Some(expected(delete.expected)),
        mode: mode.into(),
    }
}
