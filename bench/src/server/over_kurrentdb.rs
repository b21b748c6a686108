//! KurrentDB's protocol, as its clients speak it: with ours, and with the empty server.

use std::collections::BTreeMap;

use annals_core::{Append, BoxFuture, ExpectedVersion, NewEvent, StreamName, StreamWrite};
use annals_proto::kurrentdb::{
    Empty, StreamIdentifier, Uuid as WireUuid,
    streams::{
        AppendReq, ReadReq, ReadResp,
        append_req::{self, ProposedMessage, options::ExpectedStreamRevision},
        append_resp,
        read_req::{
            Options,
            options::{
                AllOptions, CountOption, FilterOption, FilterOptions, StreamOption, StreamOptions,
                SubscriptionOptions, UuidOption,
                all_options::AllOption,
                filter_options::{Expression, Filter, Window},
                stream_options::RevisionOption,
                uuid_option,
            },
        },
        read_resp::Content,
        streams_client::StreamsClient,
    },
    uuid,
};
use futures_util::{TryStreamExt, future, stream};
use tonic::{Streaming, transport::Channel};

use super::channel::{MESSAGE_BYTES_MAX, connect};
use crate::{
    contest::store::{Deed, Deliveries, Store, Work},
    problem::Result,
};

/// Events of users: everything but the system's.
const NOT_OF_THE_SYSTEM: &str = r"^[^\$].*";
/// What clients multiply their checkpoint's interval by.
const CHECKPOINT_INTERVAL: u32 = 32;

pub(super) struct OverKurrentdb {
    name: &'static str,
    target: fn(Deed) -> Option<f64>,
    client: StreamsClient<Channel>,
}

impl OverKurrentdb {
    pub(super) async fn connect(
        name: &'static str,
        target: fn(Deed) -> Option<f64>,
        port: u16,
    ) -> Result<Self> {
        let client = StreamsClient::new(connect(port).await?);
        let client = client.max_decoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self { name, target, client })
    }

    async fn read(&self, options: Options) -> Result<Streaming<ReadResp>> {
        let mut client = self.client.clone();
        Ok(client.read(ReadReq { options: Some(options) }).await?.into_inner())
    }

    fn count(&self, options: Options) -> Work<'_> {
        Box::pin(async move {
            let (mut answers, mut count) = (self.read(options).await?, 0);
            while let Some(answer) = answers.message().await? {
                count += u64::from(is_event(&answer));
                std::hint::black_box(answer);
            }
            Ok(count)
        })
    }

    async fn append_to_one(&self, request: Vec<AppendReq>) -> Result<u64> {
        let events = request.len() as u64 - 1;
        let mut client = self.client.clone();
        let answer = client.append(stream::iter(request)).await?.into_inner();
        match answer.result {
            Some(append_resp::Result::Success(_)) => Ok(events),
            other => Err(format!("an append was answered with {other:?}").into()),
        }
    }
}

fn is_event(answer: &ReadResp) -> bool {
    matches!(answer.content, Some(Content::Event(_)))
}

fn name_of(stream: &StreamName) -> Option<StreamIdentifier> {
    Some(StreamIdentifier { stream_name: stream.as_str().to_owned().into() })
}

fn request(write: StreamWrite) -> Vec<AppendReq> {
    let expected = match write.expected {
        ExpectedVersion::Any => ExpectedStreamRevision::Any(Empty {}),
        ExpectedVersion::NoStream => ExpectedStreamRevision::NoStream(Empty {}),
        ExpectedVersion::StreamExists => ExpectedStreamRevision::StreamExists(Empty {}),
        ExpectedVersion::Exact(version) => ExpectedStreamRevision::Revision(version.get()),
    };
    let options = append_req::Options {
        stream_identifier: name_of(&write.stream),
        expected_stream_revision: Some(expected),
    };
    let messages = write.events.into_iter().map(message).map(append_req::Content::ProposedMessage);
    let contents = std::iter::once(append_req::Content::Options(options)).chain(messages);
    contents.map(|content| AppendReq { content: Some(content) }).collect()
}

fn message(event: NewEvent) -> ProposedMessage {
    let property = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let id = uuid::Value::String(event.id.to_string());
    ProposedMessage {
        id: Some(WireUuid { value: Some(id) }),
        metadata: BTreeMap::from([
            property("type", event.event_type.as_str()),
            property("content-type", "application/json"),
        ]),
        custom_metadata: bytes::Bytes::new(),
        data: event.data,
    }
}

/// What reads have in common.
fn read_of(source: StreamOption, count: CountOption) -> Options {
    Options {
        stream_option: Some(source),
        count_option: Some(count),
        filter_option: Some(FilterOption::NoFilter(Empty {})),
        uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(Empty {})) }),
        ..Options::default()
    }
}

fn read_all(from: AllOption, count: CountOption) -> Options {
    let source = StreamOption::All(AllOptions { all_option: Some(from) });
    let filter = FilterOptions {
        filter: Some(Filter::EventType(Expression {
            regex: NOT_OF_THE_SYSTEM.to_owned(),
            prefix: Vec::new(),
        })),
        window: Some(Window::Count(Empty {})),
        checkpoint_interval_multiplier: CHECKPOINT_INTERVAL,
    };
    Options { filter_option: Some(FilterOption::Filter(filter)), ..read_of(source, count) }
}

impl Store for OverKurrentdb {
    fn name(&self) -> &'static str {
        self.name
    }

    fn target(&self, deed: Deed) -> Option<f64> {
        (self.target)(deed)
    }

    fn lacks(&self, deed: Deed) -> Option<&'static str> {
        match deed {
            Deed::ReadTag | Deed::Condition => Some("the protocol has no tags"),
            _ => None,
        }
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        let requests: Vec<_> = append.writes.into_iter().map(request).collect();
        Ok(Box::pin(async move {
            let appends = requests.into_iter().map(|request| self.append_to_one(request));
            Ok(future::try_join_all(appends).await?.into_iter().sum())
        }))
    }

    fn load(&self, stream: &StreamName) -> Work<'_> {
        let source = StreamOption::Stream(StreamOptions {
            stream_identifier: name_of(stream),
            revision_option: Some(RevisionOption::Start(Empty {})),
        });
        self.count(read_of(source, CountOption::Count(u64::MAX)))
    }

    fn read_all(&self) -> Work<'_> {
        self.count(read_all(AllOption::Start(Empty {}), CountOption::Count(u64::MAX)))
    }

    fn catch_up(&self, events: u64) -> Work<'_> {
        Box::pin(async move {
            let follow = CountOption::Subscription(SubscriptionOptions {});
            let mut answers = self.read(read_all(AllOption::Start(Empty {}), follow)).await?;
            let mut count = 0;
            while count < events {
                let answer = answers.message().await?.ok_or("the subscription ended")?;
                count += u64::from(is_event(&answer));
                std::hint::black_box(answer);
            }
            Ok(count)
        })
    }

    fn follow(&self) -> BoxFuture<'_, Result<Deliveries<'_>>> {
        Box::pin(async move {
            let follow = CountOption::Subscription(SubscriptionOptions {});
            let mut answers = self.read(read_all(AllOption::End(Empty {}), follow)).await?;
            // The confirmation.
            answers.message().await?.ok_or("the subscription ended")?;
            let events = answers
                .map_err(Into::into)
                .try_filter_map(async |answer| Ok(is_event(&answer).then_some(1)));
            let events: Deliveries<'_> = Box::pin(events);
            Ok(events)
        })
    }
}
