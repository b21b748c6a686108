//! What is answered to a reader, one message for each event.

use annals_core::{BoxStream, RecordedEvent, Result, StreamName, Timestamp};
use annals_proto::kurrentdb::streams::{
    ReadResp,
    read_resp::{self, Content, read_event::Position as ReadPosition},
};
use futures_lite::StreamExt;
use std::sync::Arc;

use super::request::Links;
use crate::{
    access::Caller,
    links::{self, Entry},
    node::Node,
    wire::{
        event::recorded,
        ids::{self, UuidForm},
        position,
    },
};

/// A message with this in it.
pub(super) const fn of(content: Content) -> ReadResp {
    ReadResp { content: Some(content) }
}

/// An event, or a link with what it leads to.
pub(super) fn event(entry: &Entry, form: UuidForm) -> ReadResp {
    let (event, link) = match entry {
        Entry::Event(event) => (Some(event), None),
        Entry::Link(link) => (link.target.as_ref(), Some(&link.link)),
    };
    let at = position::to_wire(entry.original().position);
    of(Content::Event(read_resp::ReadEvent {
        event: event.map(|event| recorded(event, form)),
        link: link.map(|link| recorded(link, form)),
        position: Some(ReadPosition::CommitPosition(at)),
    }))
}

/// The stream was never written, or is deleted.
pub(super) fn not_found(stream: &StreamName) -> ReadResp {
    let stream_identifier = Some(ids::stream_to_wire(stream));
    of(Content::StreamNotFound(read_resp::StreamNotFound { stream_identifier }))
}

/// A point in time.
pub(super) fn time(time: Timestamp) -> prost_types::Timestamp {
    let micros = time.as_micros();
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// Events as a reader wants them.
pub(super) fn entries(
    node: &Arc<Node>,
    caller: &Caller,
    events: BoxStream<'static, Result<RecordedEvent>>,
    links: Links,
) -> BoxStream<'static, Result<Entry>> {
    match links {
        Links::AsTheyAre => events.map(|event| event.map(Entry::Event)).boxed(),
        Links::Resolved => {
            let (node, caller) = (Arc::clone(node), caller.clone());
            events
                .then(move |event| {
                    let (node, caller) = (Arc::clone(&node), caller.clone());
                    async move { links::resolve_for(&node, &caller, event?).await }
                })
                .boxed()
        }
    }
}
