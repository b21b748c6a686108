//! What is known about a store and about a stream.

use annals_core::{
    Capabilities, Freshness, Position, Result, StoreInfo, StreamInfo, StreamMetadata, StreamName,
    StreamStatus, Timestamp, Version,
};
use annals_proto::annals::{self as wire, catch_up_request::To};

use super::unreadable;
use crate::names::kept;

/// What the store can do, as seen from here: others may use it too, and nobody outside of the
/// server can work in the transaction of an append.
pub(crate) const fn capabilities(can: &wire::GetCapabilitiesResponse) -> Capabilities {
    Capabilities {
        store_durable: can.store_durable,
        append_multi_stream: can.append_multi_stream,
        append_conditions: can.append_conditions,
        store_exclusive: false,
        position_dense: can.position_dense,
        store_restore: can.store_restore,
        projection_inline: false,
    }
}

/// What answers must know of.
pub(crate) const fn catch_up(to: Freshness) -> wire::CatchUpRequest {
    let to = match to {
        // The protocol knows the stronger of the two.
        Freshness::Latest | Freshness::Leader => To::Latest(()),
        Freshness::Position(position) => To::Position(position.get()),
    };
    wire::CatchUpRequest { to: Some(to) }
}

/// The size and state of the store.
pub(crate) fn store(info: wire::GetStoreInfoResponse) -> StoreInfo {
    StoreInfo {
        backend: kept(&info.backend, "remote"),
        store_id: info.store_id,
        events: info.events,
        streams: info.streams,
        head: info.head.map(Position::new),
        revision: info.revision,
        bytes: info.bytes,
        segments: info.segments,
    }
}

/// What is known about a stream.
pub(crate) fn stream(info: wire::GetStreamInfoResponse) -> Result<StreamInfo> {
    let status = match info.status() {
        wire::StreamStatus::Missing => StreamStatus::Missing,
        wire::StreamStatus::Live => StreamStatus::Live,
        wire::StreamStatus::SoftDeleted => StreamStatus::SoftDeleted,
        wire::StreamStatus::Tombstoned => StreamStatus::Tombstoned,
        wire::StreamStatus::Unspecified => return Err(unreadable("an unknown state of a stream")),
    };
    let metadata = match info.metadata_json.as_ref() {
        b"" => StreamMetadata::default(),
        json => StreamMetadata::parse(json)?,
    };
    Ok(StreamInfo {
        stream: StreamName::new(info.stream)?,
        status,
        last_version: info.last_version.map(Version::new),
        first_version: Version::new(info.first_version),
        last_recorded_at: info.last_recorded_at_micros.map(Timestamp::from_micros),
        metadata,
        metadata_version: info.metadata_version.map(Version::new),
    })
}
