//! UmaDB's protocol.

use std::sync::Arc;

use annals_proto::umadb::{
    AppendRequest, AppendResponse, Event, HeadRequest, HeadResponse, ReadRequest, ReadResponse,
    SequencedEvent, SubscribeRequest, SubscribeResponse,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::{Empty, HttpRequest, HttpResponse, events, sizes, streaming, unary, unknown};

/// As many as its clients get in a message unless they ask for another number.
const MESSAGE_EVENTS: u64 = 1_024;

pub(super) async fn answer(empty: Arc<Empty>, path: &str, request: HttpRequest) -> HttpResponse {
    let head = Some(empty.events);
    match path.rsplit('/').next() {
        Some("Append") => {
            let append = |request: AppendRequest| {
                let position = empty.append(request.events.len(), &request)?;
                Ok(AppendResponse { position })
            };
            unary(request, append).await
        }
        Some("Read") => {
            let answers = |request: ReadRequest| {
                let batches = sizes(asked(&empty, &request), MESSAGE_EVENTS).map(batch);
                stream::iter(batches.map(move |events| ReadResponse { events, head }))
            };
            streaming(request, answers).await
        }
        Some("Subscribe") => {
            let answers = |request: SubscribeRequest| {
                let there_is = request.after.map_or(empty.events, |_| 0);
                let sizes = stream::iter(sizes(there_is, MESSAGE_EVENTS)).chain(empty.live());
                sizes.map(|count| SubscribeResponse { events: batch(count) })
            };
            streaming(request, answers).await
        }
        Some("Head") => unary(request, |_: HeadRequest| Ok(HeadResponse { position: head })).await,
        _ => unknown(path),
    }
}

/// A read of a stream asks for its tag.
fn asked(empty: &Empty, request: &ReadRequest) -> u64 {
    let item = request.query.as_ref().and_then(|query| query.items.first());
    match item.and_then(|item| item.tags.first()) {
        Some(tag) if tag.starts_with("stream:") => events::OF_STREAM,
        Some(_) => events::OF_TAG,
        None => empty.events,
    }
}

fn batch(count: u64) -> Vec<SequencedEvent> {
    let event = |position| SequencedEvent {
        position,
        event: Some(Event {
            event_type: events::TYPE.to_owned(),
            tags: events::TAGS.map(str::to_owned).into(),
            data: Bytes::from_static(&events::DATA),
            uuid: uuid::Uuid::from_bytes(events::ID).to_string(),
            metadata: Vec::new(),
        }),
        tracking_info: None,
    };
    (0..count).map(event).collect()
}
