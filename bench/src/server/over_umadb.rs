//! UmaDB's protocol: with UmaDB itself, with ours, and with the empty server.
//!
//! A stream is a tag, as its users do it. Its appends check nothing unless they have a condition,
//! so ours through this protocol check nothing either.

use std::sync::atomic::{AtomicU64, Ordering};

use annals_core::{Append, BoxFuture, NewEvent, StreamName, Tag};
use annals_proto::umadb::{
    AppendCondition, AppendRequest, Event, HeadRequest, Query, QueryItem, ReadRequest,
    SubscribeRequest, dcb_client::DcbClient,
};
use futures_util::StreamExt;
use tonic::transport::Channel;

use super::channel::{MESSAGE_BYTES_MAX, connect};
use crate::{
    contest::store::{Deed, Deliveries, Store, Work},
    problem::Result,
};

pub(super) struct OverUmadb {
    name: &'static str,
    target: fn(Deed) -> Option<f64>,
    client: DcbClient<Channel>,
    /// The position of the last event that was stored here.
    last: AtomicU64,
}

impl OverUmadb {
    pub(super) async fn connect(
        name: &'static str,
        target: fn(Deed) -> Option<f64>,
        port: u16,
    ) -> Result<Self> {
        let client = DcbClient::new(connect(port).await?);
        let client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self { name, target, client, last: AtomicU64::new(0) })
    }

    fn store(&self, append: Append, condition: Option<AppendCondition>) -> Work<'_> {
        let events = append.writes.into_iter().flat_map(|write| {
            let stream = tag_of(&write.stream);
            write.events.into_iter().map(move |event| event_of(event, &stream))
        });
        let request = AppendRequest { events: events.collect(), condition, tracking_info: None };
        let mut client = self.client.clone();
        Box::pin(async move {
            let count = request.events.len() as u64;
            let stored = client.append(request).await?.into_inner();
            self.last.fetch_max(stored.position, Ordering::Relaxed);
            Ok(count)
        })
    }

    fn count(&self, query: Option<Query>) -> Work<'_> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let request = ReadRequest { query, ..ReadRequest::default() };
            let mut answers = client.read(request).await?.into_inner();
            let mut count = 0;
            while let Some(answer) = answers.message().await? {
                count += answer.events.len() as u64;
                std::hint::black_box(answer);
            }
            Ok(count)
        })
    }
}

fn tag_of(stream: &StreamName) -> String {
    format!("stream:{stream}")
}

fn event_of(event: NewEvent, stream: &str) -> Event {
    let tags = event.tags.as_slice().iter().map(|tag| tag.as_str().to_owned());
    Event {
        event_type: event.event_type.as_str().to_owned(),
        tags: tags.chain([stream.to_owned()]).collect(),
        data: event.data,
        uuid: event.id.to_string(),
        metadata: Vec::new(),
    }
}

fn tagged(tag: String) -> Query {
    Query { items: vec![QueryItem { types: Vec::new(), tags: vec![tag] }] }
}

impl Store for OverUmadb {
    fn name(&self) -> &'static str {
        self.name
    }

    fn target(&self, deed: Deed) -> Option<f64> {
        (self.target)(deed)
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        Ok(self.store(append, None))
    }

    fn load(&self, stream: &StreamName) -> Work<'_> {
        self.count(Some(tagged(tag_of(stream))))
    }

    fn read_all(&self) -> Work<'_> {
        self.count(None)
    }

    fn read_tag(&self, tag: &Tag) -> Work<'_> {
        self.count(Some(tagged(tag.as_str().to_owned())))
    }

    fn append_unless(&self, append: Append, tag: &Tag) -> Result<Work<'_>> {
        let query = tagged(tag.as_str().to_owned());
        let after = Some(self.last.load(Ordering::Relaxed));
        let condition = AppendCondition { fail_if_events_match: Some(query), after };
        Ok(self.store(append, Some(condition)))
    }

    fn catch_up(&self, events: u64) -> Work<'_> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let answers = client.subscribe(SubscribeRequest::default()).await?;
            let (mut answers, mut count) = (answers.into_inner(), 0);
            while count < events {
                let answer = answers.message().await?.ok_or("the subscription ended")?;
                count += answer.events.len() as u64;
                std::hint::black_box(answer);
            }
            Ok(count)
        })
    }

    fn follow(&self) -> BoxFuture<'_, Result<Deliveries<'_>>> {
        let mut client = self.client.clone();
        Box::pin(async move {
            let after = client.head(HeadRequest {}).await?.into_inner().position;
            let request = SubscribeRequest { after, ..SubscribeRequest::default() };
            let answers = client.subscribe(request).await?.into_inner();
            let counts = answers.map(|answer| Ok(answer?.events.len() as u64));
            let counts: Deliveries<'_> = Box::pin(counts);
            Ok(counts)
        })
    }
}
