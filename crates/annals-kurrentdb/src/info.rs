//! What is known about a stream, and where the store ends: small reads from the end.

use std::sync::Arc;

use annals_client::{Failed, Patience, late};
use annals_core::{
    Direction, ErrorKind, Position, RecordedEvent, Result, StreamInfo, StreamMetadata, StreamName,
    StreamStatus, Version, rules::StreamHead,
};
use annals_proto::kurrentdb::streams::{ReadReq, read_resp::Content};

use crate::{
    connect::Shared,
    failure::failed,
    wire::{event::recorded, request},
};

/// The newest position, also where that is an event of the system.
pub(crate) async fn head(shared: &Shared) -> Result<Option<Position>, Failed> {
    let end = request::From::Outermost;
    let request = request::of_all(Direction::Backward, end, Some(1), None);
    let end = ask(shared, request).await?;
    Ok(end.at)
}

/// The newest version of a stream that can be read, or is known.
pub(crate) async fn last_of(
    shared: &Shared,
    stream: &StreamName,
) -> Result<Option<Version>, Failed> {
    Ok(ask(shared, request::end_of(stream)).await?.last)
}

/// What is known about a stream.
pub(crate) async fn stream(shared: &Arc<Shared>, name: &StreamName) -> Result<StreamInfo> {
    let base = name.metastream_of().unwrap_or_else(|| name.clone());
    let mut head = StreamHead::default();
    let mut newest = None;
    match both_ends(shared, &base).await {
        Ok((end, settings)) => {
            head.last = end.last;
            head.metadata_last = settings.event.as_ref().map(|event| event.version);
            let metadata = settings.event.as_ref();
            head.metadata = metadata.map(|e| Arc::new(StreamMetadata::parse_stored(&e.data)));
            newest = if name.is_metastream() { settings.event } else { end.event };
        }
        Err(error) if error.kind() == ErrorKind::StreamDeleted => head.is_tombstoned = true,
        Err(error) => return Err(error),
    }
    let mut info = StreamInfo::of(name, &head);
    let is_last = |event: &RecordedEvent| Some(event.version) == info.last_version;
    if info.status == StreamStatus::Live {
        info.last_recorded_at = newest.filter(is_last).map(|event| event.recorded_at);
    }
    Ok(info)
}

async fn both_ends(shared: &Shared, base: &StreamName) -> Result<(End, End)> {
    let settings = match base.metastream() {
        Some(settings) => patiently(shared, request::end_of(&settings)).await?,
        None => End::default(),
    };
    Ok((patiently(shared, request::end_of(base)).await?, settings))
}

/// The end of what was read.
#[derive(Debug, Default)]
struct End {
    event: Option<RecordedEvent>,
    /// Its position, also where the event cannot be taken.
    at: Option<Position>,
    /// The version of the last event of the stream, which may be too old to be read.
    last: Option<Version>,
}

async fn patiently(shared: &Shared, request: ReadReq) -> Result<End> {
    let mut patience = Patience::default();
    loop {
        shared.check_open()?;
        match ask(shared, request.clone()).await {
            Ok(end) => return Ok(end),
            Err(Failed::Answered(error)) => return Err(error),
            Err(Failed::Unreached(error) | Failed::Lost(error)) => {
                patience.again(shared, error).await?;
            }
        }
    }
}

/// The newest position, asked for as long as patience lasts.
pub(crate) async fn head_patiently(shared: &Shared) -> Result<Option<Position>> {
    let request = request::of_all(Direction::Backward, request::From::Outermost, Some(1), None);
    Ok(patiently(shared, request).await?.at)
}

async fn ask(shared: &Shared, request: ReadReq) -> Result<End, Failed> {
    let limit = shared.options.timeout;
    let mut messages = shared.attempt(shared.calls.clone().read(request)).await?;
    let mut end = End::default();
    loop {
        let message = tokio::time::timeout(limit, messages.message()).await;
        let message = message.map_err(|_| late(limit))?.map_err(|status| failed(&status))?;
        let Some(message) = message else { return Ok(end) };
        match message.content {
            Some(Content::Event(message)) => {
                if let Some(event) = message.link.or(message.event) {
                    end.at = Some(Position::new(event.commit_position));
                    end.last = Some(Version::new(event.stream_revision));
                    // The head may be an event that no store of ours could hold.
                    end.event = recorded(event).ok();
                }
            }
            Some(Content::LastStreamPosition(last)) => end.last = Some(Version::new(last)),
            _ => {}
        }
    }
}
