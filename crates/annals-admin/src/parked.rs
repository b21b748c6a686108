//! What a group has parked: events that its consumers could not deal with.

use annals_core::{RecordedEvent, Timestamp};
use annals_proto::kurrentdb::{
    Empty,
    streams::{
        ReadReq,
        read_req::{
            self,
            options::{
                CountOption, FilterOption, ReadDirection, StreamOption, StreamOptions, UuidOption,
                stream_options::RevisionOption, uuid_option,
            },
        },
        read_resp,
    },
};
use futures_lite::StreamExt;

use crate::{GroupName, Refused, Result, Server, events, ids};

/// A parked event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its number among the events that the group has ever parked.
    pub number: u64,
    /// What a consumer said why, or the server.
    pub reason: String,
    /// When it was parked.
    pub added: Option<Timestamp>,
    /// The event; none when it is gone.
    pub event: Option<RecordedEvent>,
}

impl Server {
    /// The events that a group has parked and that were not finished since, `limit` at most.
    ///
    /// # Errors
    /// `NotFound` for a group that is not there; `PermissionDenied` for callers who may not read
    /// streams of the system; what keeps the server from answering.
    pub async fn parked(&self, group: &GroupName, limit: u64) -> Result<Vec<Parked>> {
        // Its stream is missing both for a group that parked nothing and for one that is not there.
        self.group(group).await?;
        let request = ReadReq { options: Some(options(group, limit)?) };
        let mut answers = self.answer(self.streams_client().read(request)).await?;
        let mut parked = Vec::new();
        while let Some(answer) = answers.next().await {
            let answer = answer.map_err(|status| Refused::of(&status))?;
            if let Some(read_resp::Content::Event(event)) = answer.content {
                parked.push(self.parked_event(event)?);
            }
        }
        Ok(parked)
    }

    fn parked_event(&self, read: read_resp::ReadEvent) -> Result<Parked> {
        let (link, event) = match (read.link, read.event) {
            (Some(link), event) => (link, event),
            (None, Some(link)) => (link, None),
            (None, None) => return Err(Refused::unreadable("an event")),
        };
        let notes: serde_json::Value =
            serde_json::from_slice(&link.custom_metadata).unwrap_or_default();
        let text = |name: &str| notes.get(name).and_then(|value| value.as_str());
        Ok(Parked {
            number: link.stream_revision,
            reason: text("reason").unwrap_or_default().to_owned(),
            added: text("added").and_then(|time| time.parse().ok()),
            event: event.map(|event| events::read(self, event)).transpose()?,
        })
    }
}

fn options(group: &GroupName, limit: u64) -> annals_core::Result<read_req::Options> {
    let uuid_option = UuidOption { content: Some(uuid_option::Content::String(Empty {})) };
    Ok(read_req::Options {
        read_direction: ReadDirection::Forwards.into(),
        resolve_links: true,
        uuid_option: Some(uuid_option),
        stream_option: Some(StreamOption::Stream(StreamOptions {
            stream_identifier: Some(ids::stream(&group.parked_stream()?)),
            revision_option: Some(RevisionOption::Start(Empty {})),
        })),
        count_option: Some(CountOption::Count(limit)),
        filter_option: Some(FilterOption::NoFilter(Empty {})),
        ..read_req::Options::default()
    })
}
