//! KurrentDB's protocol: an event is a message.

use std::{collections::BTreeMap, sync::Arc};

use annals_proto::kurrentdb::{
    StreamIdentifier, Uuid as WireUuid,
    streams::{
        AppendReq, AppendResp, ReadReq, ReadResp, append_req, append_resp,
        read_req::options::{CountOption, StreamOption, all_options::AllOption},
        read_resp::{
            Content, ReadEvent, SubscriptionConfirmation,
            read_event::{Position, RecordedEvent},
        },
    },
    uuid,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tonic::{Request, Response, Status, Streaming};
use tower::service_fn;

use super::{Empty, HttpRequest, HttpResponse, events, grpc, streaming, unknown};

pub(super) async fn answer(empty: Arc<Empty>, path: &str, request: HttpRequest) -> HttpResponse {
    match path.rsplit('/').next() {
        Some("Append") => {
            let append = service_fn(|request: Request<Streaming<AppendReq>>| {
                let empty = Arc::clone(&empty);
                async move { append(&empty, request.into_inner()).await.map(Response::new) }
            });
            grpc().client_streaming(append, request).await
        }
        Some("Read") => streaming(request, |request| read(&empty, request)).await,
        _ => unknown(path),
    }
}

async fn append(empty: &Empty, mut request: Streaming<AppendReq>) -> Result<AppendResp, Status> {
    let mut count: usize = 0;
    while let Some(message) = request.message().await? {
        count +=
            usize::from(matches!(message.content, Some(append_req::Content::ProposedMessage(_))));
    }
    let commit_position = empty.append(count, &AppendReq::default())?;
    let position = append_resp::Position { commit_position, prepare_position: commit_position };
    let success = append_resp::Success {
        current_revision_option: Some(
            append_resp::success::CurrentRevisionOption::CurrentRevision(count as u64 - 1),
        ),
        position_option: Some(append_resp::success::PositionOption::Position(position)),
    };
    Ok(AppendResp { result: Some(append_resp::Result::Success(success)) })
}

fn read(empty: &Empty, request: ReadReq) -> impl stream::Stream<Item = ReadResp> + Send + 'static {
    let options = request.options.unwrap_or_default();
    let follows = matches!(options.count_option, Some(CountOption::Subscription(_)));
    let count = match options.stream_option {
        Some(StreamOption::Stream(_)) => events::OF_STREAM,
        Some(StreamOption::All(all)) if matches!(all.all_option, Some(AllOption::End(_))) => 0,
        _ => empty.events,
    };
    let confirmation = SubscriptionConfirmation { subscription_id: String::from("empty") };
    let confirmation = follows.then_some(Content::Confirmation(confirmation));
    let live = if follows { empty.live() } else { stream::empty().boxed() };
    let live = live.flat_map(|count| stream::iter((0..count).map(event)));
    stream::iter(confirmation.into_iter().chain((0..count).map(event)))
        .chain(live)
        .map(|content| ReadResp { content: Some(content) })
}

fn event(revision: u64) -> Content {
    let property = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let id = uuid::Value::String(::uuid::Uuid::from_bytes(events::ID).to_string());
    let event = RecordedEvent {
        id: Some(WireUuid { value: Some(id) }),
        stream_identifier: Some(StreamIdentifier {
            stream_name: Bytes::from_static(events::STREAM.as_bytes()),
        }),
        stream_revision: revision,
        prepare_position: revision,
        commit_position: revision,
        metadata: BTreeMap::from([
            property("type", events::TYPE),
            property("content-type", "application/json"),
            property("created", "17900000000000000"),
        ]),
        custom_metadata: Bytes::new(),
        data: Bytes::from_static(&events::DATA),
    };
    let position = Some(Position::CommitPosition(revision));
    Content::Event(ReadEvent { event: Some(event), link: None, position })
}
