//! Annals' own protocol.

use std::sync::Arc;

use annals_proto::annals::{
    AppendRequest, AppendResponse, Events, GetCapabilitiesRequest, GetCapabilitiesResponse,
    GetHeadRequest, GetHeadResponse, GetStoreInfoRequest, GetStoreInfoResponse, Mark, ReadRequest,
    ReadResponse, RecordedEvent, StreamAppended, SubscribeRequest, SubscribeResponse, read_request,
    subscribe_request, subscribe_response::Delivery, subscribe_start::Start,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::{Empty, HttpRequest, HttpResponse, events, sizes, streaming, unary, unknown};

/// As many as ours puts into a message.
const MESSAGE_EVENTS: u64 = 512;

pub(super) async fn answer(empty: Arc<Empty>, path: &str, request: HttpRequest) -> HttpResponse {
    let head = Some(empty.events);
    match path.rsplit('/').next() {
        Some("Append") => unary(request, |request| append(&empty, request)).await,
        Some("Read") => {
            let answers = |request| {
                let batches = sizes(asked(&empty, request), MESSAGE_EVENTS).map(batch);
                stream::iter(batches.map(move |events| ReadResponse { events, head }))
            };
            streaming(request, answers).await
        }
        Some("Subscribe") => streaming(request, |request| subscribe(&empty, request)).await,
        Some("GetHead") => {
            unary(request, |_: GetHeadRequest| Ok(GetHeadResponse { position: head })).await
        }
        Some("GetStoreInfo") => {
            let info = GetStoreInfoResponse { backend: "empty".to_owned(), ..Default::default() };
            unary(request, |_: GetStoreInfoRequest| Ok(info.clone())).await
        }
        Some("GetCapabilities") => {
            let all = GetCapabilitiesResponse {
                append_multi_stream: true,
                append_conditions: true,
                ..Default::default()
            };
            unary(request, |_: GetCapabilitiesRequest| Ok(all)).await
        }
        _ => unknown(path),
    }
}

fn append(empty: &Empty, request: AppendRequest) -> Result<AppendResponse, tonic::Status> {
    let count = request.writes.iter().map(|write| write.events.len()).sum();
    let position = empty.append(count, &request)?;
    let appended = request.writes.into_iter().map(|write| StreamAppended {
        stream: write.stream,
        first_version: Some(0),
        last_version: Some(write.events.len() as u64 - 1),
    });
    Ok(AppendResponse { streams: appended.collect(), position: Some(position), duplicate: false })
}

fn asked(empty: &Empty, request: ReadRequest) -> u64 {
    match request.source {
        Some(read_request::Source::Stream(_)) => events::OF_STREAM,
        Some(read_request::Source::All(all))
            if all.query.as_ref().is_some_and(|it| !it.items.is_empty()) =>
        {
            events::OF_TAG
        }
        _ => empty.events,
    }
}

fn subscribe(
    empty: &Empty,
    request: SubscribeRequest,
) -> impl stream::Stream<Item = SubscribeResponse> + Send + 'static {
    let start = match request.source {
        Some(subscribe_request::Source::All(all)) => all.start.and_then(|start| start.start),
        _ => None,
    };
    let there_is = if start == Some(Start::Beginning(())) { empty.events } else { 0 };
    let caught_up = Delivery::CaughtUp(Mark { position: Some(empty.events) });
    let events = |count| Delivery::Events(Events { events: batch(count) });
    let before = sizes(there_is, MESSAGE_EVENTS).map(events);
    stream::iter(before.chain([caught_up]))
        .chain(empty.live().map(events))
        .map(|delivery| SubscribeResponse { delivery: Some(delivery) })
}

fn batch(count: u64) -> Vec<RecordedEvent> {
    let event = |version| RecordedEvent {
        id: Bytes::from_static(&events::ID),
        stream: Bytes::from_static(events::STREAM.as_bytes()),
        version,
        position: version,
        event_type: Bytes::from_static(events::TYPE.as_bytes()),
        data: Bytes::from_static(&events::DATA),
        tags: events::TAGS.map(|tag| Bytes::from_static(tag.as_bytes())).into(),
        recorded_at_micros: events::MICROS,
        ..RecordedEvent::default()
    };
    (0..count).map(event).collect()
}
