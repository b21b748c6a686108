//! What is known about a store and about a stream.

use annals_core::{
    Capabilities, Error, Freshness, Position, Result, StoreInfo, StreamInfo, StreamMetadata,
    StreamStatus, Timestamp, Version,
};
use annals_proto::annals::{self as wire, catch_up_request::To};
use bytes::Bytes;

/// What the store behind this server can do.
pub(crate) fn capabilities(can: Capabilities) -> wire::GetCapabilitiesResponse {
    wire::GetCapabilitiesResponse {
        store_durable: can.store_durable,
        append_multi_stream: can.append_multi_stream,
        append_conditions: can.append_conditions,
        store_exclusive: can.store_exclusive,
        position_dense: can.position_dense,
        store_restore: can.store_restore,
        projection_inline: can.projection_inline,
    }
}

/// What an answer must know of.
///
/// # Errors
/// `InvalidArgument` when nothing is said that is known here.
pub(crate) fn freshness(to: Option<To>) -> Result<Freshness> {
    match to {
        Some(To::Latest(())) => Ok(Freshness::Latest),
        Some(To::Position(position)) => Ok(Freshness::Position(Position::new(position))),
        None => Err(Error::invalid("say up to where to catch up: a position, or the latest")),
    }
}

/// The size and state of the store.
pub(crate) fn store(info: StoreInfo) -> wire::GetStoreInfoResponse {
    wire::GetStoreInfoResponse {
        backend: info.backend.to_owned(),
        store_id: info.store_id,
        events: info.events,
        streams: info.streams,
        head: info.head.map(Position::get),
        revision: info.revision,
        bytes: info.bytes,
        segments: info.segments,
    }
}

/// What is known about a stream.
pub(crate) fn stream(info: &StreamInfo) -> wire::GetStreamInfoResponse {
    let status = match info.status {
        StreamStatus::Missing => wire::StreamStatus::Missing,
        StreamStatus::Live => wire::StreamStatus::Live,
        StreamStatus::SoftDeleted => wire::StreamStatus::SoftDeleted,
        StreamStatus::Tombstoned => wire::StreamStatus::Tombstoned,
    };
    let has_settings = info.metadata != StreamMetadata::default();
    wire::GetStreamInfoResponse {
        stream: info.stream.as_str().to_owned(),
        status: status.into(),
        last_version: info.last_version.map(Version::get),
        first_version: info.first_version.get(),
        last_recorded_at_micros: info.last_recorded_at.map(Timestamp::as_micros),
        metadata_json: if has_settings { info.metadata.to_json() } else { Bytes::new() },
        metadata_version: info.metadata_version.map(Version::get),
    }
}
