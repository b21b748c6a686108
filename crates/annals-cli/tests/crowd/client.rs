//! A small client over the generated one.

use std::time::Duration;

use annals_proto::kurrentdb::{
    Empty, StreamIdentifier, Uuid as WireUuid,
    streams::{
        AppendReq, ReadReq, ReadResp, append_req, append_resp,
        read_req::{
            Options,
            options::{
                AllOptions, CountOption, FilterOption, Position, ReadDirection, StreamOption,
                StreamOptions, SubscriptionOptions, UuidOption, all_options::AllOption,
                stream_options::RevisionOption, uuid_option,
            },
        },
        streams_client::StreamsClient,
    },
    uuid as wire_uuid,
};
use annals_testbed::annals::Annals;
use tonic::{
    Status, Streaming,
    transport::{Channel, Endpoint},
};
use uuid::Uuid;

/// A connection of its own.
#[derive(Debug, Clone)]
pub(crate) struct Client(StreamsClient<Channel>);

/// What became of an append.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    /// Stored as this version.
    At(u64),
    /// The stream is at another version.
    Conflict,
}

impl Client {
    /// Connects with the first call.
    pub(crate) fn new(server: &Annals) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", server.port()));
        let endpoint = endpoint.unwrap().connect_timeout(Duration::from_secs(20));
        Self(StreamsClient::new(endpoint.connect_lazy()).max_decoding_message_size(usize::MAX))
    }

    /// Appends one event as the next version after `after`.
    pub(crate) async fn append(
        &mut self,
        stream: &str,
        after: Option<u64>,
        id: Uuid,
        data: Vec<u8>,
    ) -> Result<Appended, Status> {
        use append_req::options::ExpectedStreamRevision;
        let expected = after.map_or(ExpectedStreamRevision::NoStream(Empty {}), |version| {
            ExpectedStreamRevision::Revision(version)
        });
        let options = append_req::Options {
            stream_identifier: Some(named(stream)),
            expected_stream_revision: Some(expected),
        };
        let properties = [("type", "written"), ("content-type", "application/octet-stream")];
        let message = append_req::ProposedMessage {
            id: Some(WireUuid { value: Some(wire_uuid::Value::String(id.to_string())) }),
            metadata: properties.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            custom_metadata: Default::default(),
            data: data.into(),
        };
        let parts =
            [append_req::Content::Options(options), append_req::Content::ProposedMessage(message)];
        let requests = parts.map(|content| AppendReq { content: Some(content) });
        let answer = self.0.append(futures_util::stream::iter(requests)).await?.into_inner();
        Ok(match answer.result {
            Some(append_resp::Result::Success(success)) => match success.current_revision_option {
                Some(append_resp::success::CurrentRevisionOption::CurrentRevision(version)) => {
                    Appended::At(version)
                }
                other => panic!("an event was stored as {other:?}"),
            },
            Some(append_resp::Result::WrongExpectedVersion(_)) => Appended::Conflict,
            None => panic!("an answer without a result"),
        })
    }

    /// Every event of a stream.
    pub(crate) async fn read(&mut self, stream: &str) -> Result<Streaming<ReadResp>, Status> {
        let from = StreamOptions {
            stream_identifier: Some(named(stream)),
            revision_option: Some(RevisionOption::Start(Empty {})),
        };
        self.ask(StreamOption::Stream(from), CountOption::Count(u64::MAX)).await
    }

    /// Follows the whole store after a position.
    pub(crate) async fn follow(&mut self, after: u64) -> Result<Streaming<ReadResp>, Status> {
        let at = Position { commit_position: after, prepare_position: after };
        let from = AllOptions { all_option: Some(AllOption::Position(at)) };
        let forever = CountOption::Subscription(SubscriptionOptions {});
        self.ask(StreamOption::All(from), forever).await
    }

    async fn ask(
        &mut self,
        what: StreamOption,
        extent: CountOption,
    ) -> Result<Streaming<ReadResp>, Status> {
        let form = UuidOption { content: Some(uuid_option::Content::String(Empty {})) };
        let options = Options {
            stream_option: Some(what),
            read_direction: ReadDirection::Forwards as i32,
            resolve_links: false,
            count_option: Some(extent),
            filter_option: Some(FilterOption::NoFilter(Empty {})),
            uuid_option: Some(form),
            control_option: None,
        };
        Ok(self.0.read(ReadReq { options: Some(options) }).await?.into_inner())
    }
}

fn named(stream: &str) -> StreamIdentifier {
    StreamIdentifier { stream_name: stream.to_owned().into() }
}

/// The binary that is tested, serving a new store.
pub(crate) fn server() -> Annals {
    Annals::start(env!("CARGO_BIN_EXE_annals"), ["--insecure"]).unwrap()
}
