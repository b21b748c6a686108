//! A client of KurrentDB's protocol on one connection.

use annals_proto::kurrentdb::{
    Empty, StreamIdentifier, Uuid,
    streams::{
        AppendReq, ReadReq,
        append_req::{Content, Options, ProposedMessage, options::ExpectedStreamRevision},
        read_req::{
            self,
            options::{
                AllOptions, CountOption, FilterOption, StreamOption, SubscriptionOptions,
                UuidOption, all_options::AllOption, uuid_option,
            },
        },
        streams_client::StreamsClient,
    },
    uuid::Value,
};
use tonic::transport::{Channel, Endpoint};

/// A client with a connection of its own.
pub(super) async fn connect(address: &str) -> StreamsClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    StreamsClient::new(endpoint.connect().await.unwrap())
}

/// The beginning of an append to a new stream.
pub(super) fn options(stream: &'static str) -> AppendReq {
    let stream_identifier = Some(StreamIdentifier { stream_name: stream.into() });
    let expected_stream_revision = Some(ExpectedStreamRevision::NoStream(Empty {}));
    AppendReq {
        content: Some(Content::Options(Options { stream_identifier, expected_stream_revision })),
    }
}

/// An event of an append.
pub(super) fn event() -> AppendReq {
    let properties = [("type", "opened"), ("content-type", "application/json")];
    AppendReq {
        content: Some(Content::ProposedMessage(ProposedMessage {
            id: Some(Uuid { value: Some(Value::String(uuid::Uuid::new_v4().to_string())) }),
            metadata: properties.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            custom_metadata: "".into(),
            data: "{}".into(),
        })),
    }
}

/// A subscription to everything.
pub(super) fn subscribe() -> ReadReq {
    ReadReq {
        options: Some(read_req::Options {
            stream_option: Some(StreamOption::All(AllOptions {
                all_option: Some(AllOption::Start(Empty {})),
            })),
            filter_option: Some(FilterOption::NoFilter(Empty {})),
            uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(Empty {})) }),
            count_option: Some(CountOption::Subscription(SubscriptionOptions {})),
            ..read_req::Options::default()
        }),
    }
}
