//! A client of a test, and a consumer that says what it gets.

use std::time::{Duration, Instant};

use annals_proto::kurrentdb::{
    Empty, StreamIdentifier, Uuid as WireUuid,
    persistent_subscriptions::{
        CreateReq, DeleteReq, GetInfoReq, ReadReq, ReadResp, ReplayParkedReq, SubscriptionInfo,
        TruncateParkedReq, UpdateReq,
        create_req::{
            self, AllOptions, Options, Settings, StreamOptions,
            all_options::{AllOption, FilterOption},
            options::StreamOption,
            settings::{CheckpointAfter, MessageTimeout},
            stream_options::RevisionOption,
        },
        delete_req, get_info_req,
        persistent_subscriptions_client::PersistentSubscriptionsClient,
        read_req::{
            self, Ack, Content, Nack,
            nack::Action,
            options::{StreamOption as ReadOf, UuidOption, uuid_option},
        },
        read_resp::{Content as Answer, ReadEvent, read_event::Count},
        replay_parked_req, truncate_parked_req, update_req,
    },
    uuid::Value,
};
use futures_util::stream;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use crate::running::{Channel, Running};

/// How long a group may take to become as it should be.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of one server.
pub(crate) struct Client(pub(crate) PersistentSubscriptionsClient<Channel>);

/// The settings that clients send when nothing is said.
pub(crate) fn settings() -> Settings {
    Settings {
        max_retry_count: 10,
        min_checkpoint_count: 10,
        max_checkpoint_count: 1_000,
        live_buffer_size: 500,
        read_batch_size: 20,
        history_buffer_size: 500,
        message_timeout: Some(MessageTimeout::MessageTimeoutMs(30_000)),
        checkpoint_after: Some(CheckpointAfter::CheckpointAfterMs(2_000)),
        consumer_strategy: "RoundRobin".to_owned(),
        ..Settings::default()
    }
}

pub(crate) fn identifier(stream: &str) -> StreamIdentifier {
    StreamIdentifier { stream_name: stream.as_bytes().to_vec().into() }
}

/// The group `g` of a stream, from the beginning.
pub(crate) fn of_stream(stream: &str, settings: Settings) -> CreateReq {
    let revision_option = Some(RevisionOption::Start(Empty {}));
    let stream_identifier = Some(identifier(stream));
    let of = StreamOption::Stream(StreamOptions { stream_identifier, revision_option });
    create(of, settings)
}

/// The group `g` of the whole store, from the beginning.
pub(crate) fn of_all(filter: Option<create_req::all_options::FilterOptions>) -> CreateReq {
    let filter = filter.map_or(FilterOption::NoFilter(Empty {}), FilterOption::Filter);
    let (all_option, filter_option) = (Some(AllOption::Start(Empty {})), Some(filter));
    create(StreamOption::All(AllOptions { all_option, filter_option }), settings())
}

fn create(of: StreamOption, settings: Settings) -> CreateReq {
    let options = Options {
        group_name: "g".to_owned(),
        settings: Some(settings),
        stream_option: Some(of),
        ..Options::default()
    };
    CreateReq { options: Some(options) }
}

/// The group `g` of a stream with other settings.
pub(crate) fn changed(stream: &str, settings: update_req::Settings) -> UpdateReq {
    let revision_option = Some(update_req::stream_options::RevisionOption::Start(Empty {}));
    let of =
        update_req::StreamOptions { stream_identifier: Some(identifier(stream)), revision_option };
    let options = update_req::Options {
        group_name: "g".to_owned(),
        settings: Some(settings),
        stream_option: Some(update_req::options::StreamOption::Stream(of)),
        ..update_req::Options::default()
    };
    UpdateReq { options: Some(options) }
}

impl Client {
    pub(crate) async fn of(running: &Running) -> Self {
        let channel = running.connect().await;
        Self(PersistentSubscriptionsClient::with_origin(channel, running.origin()))
    }

    pub(crate) async fn create(&mut self, request: CreateReq) -> Result<(), Status> {
        self.0.create(request).await.map(drop)
    }

    pub(crate) async fn update(&mut self, request: UpdateReq) -> Result<(), Status> {
        self.0.update(request).await.map(drop)
    }

    pub(crate) async fn delete(&mut self, stream: &str) -> Result<(), Status> {
        let stream = delete_req::options::StreamOption::StreamIdentifier(identifier(stream));
        let (group_name, stream_option) = ("g".to_owned(), Some(stream));
        let options = Some(delete_req::Options { group_name, stream_option });
        self.0.delete(DeleteReq { options }).await.map(drop)
    }

    pub(crate) async fn info(&mut self, stream: &str) -> Result<SubscriptionInfo, Status> {
        use get_info_req::options::StreamOption as Of;
        let stream = match stream {
            "$all" => Of::All(Empty {}),
            stream => Of::StreamIdentifier(identifier(stream)),
        };
        let (group_name, stream_option) = ("g".to_owned(), Some(stream));
        let options = Some(get_info_req::Options { group_name, stream_option });
        let info = self.0.get_info(GetInfoReq { options }).await?;
        Ok(info.into_inner().subscription_info.unwrap())
    }

    /// Waits until the group is as it should be.
    pub(crate) async fn until(
        &mut self,
        stream: &str,
        is_so: impl Fn(&SubscriptionInfo) -> bool,
    ) -> SubscriptionInfo {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let info = self.info(stream).await.unwrap();
            if is_so(&info) {
                return info;
            }
            assert!(Instant::now() < deadline, "it is still {info:?}");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn replay(&mut self, stream: &str, stop_at: i64) -> Result<(), Status> {
        use replay_parked_req::options::{StopAtOption, StreamOption};
        let options = replay_parked_req::Options {
            group_name: "g".to_owned(),
            stream_option: Some(StreamOption::StreamIdentifier(identifier(stream))),
            stop_at_option: Some(StopAtOption::StopAt(stop_at)),
        };
        self.0.replay_parked(ReplayParkedReq { options: Some(options) }).await.map(drop)
    }

    pub(crate) async fn truncate(&mut self, stream: &str, stop_at: i64) -> Result<(), Status> {
        use truncate_parked_req::options::{StopAtOption, StreamOption};
        let options = truncate_parked_req::Options {
            group_name: "g".to_owned(),
            stream_option: Some(StreamOption::StreamIdentifier(identifier(stream))),
            stop_at_option: Some(StopAtOption::StopAt(stop_at)),
        };
        self.0.truncate_parked(TruncateParkedReq { options: Some(options) }).await.map(drop)
    }

    pub(crate) async fn restart(&mut self) {
        self.0.restart_subsystem(Empty {}).await.unwrap();
    }

    /// A consumer of the group `g`, for so many events at once.
    pub(crate) async fn read(&mut self, stream: &str, slots: i32) -> Result<Consumer, Status> {
        let stream = match stream {
            "$all" => ReadOf::All(Empty {}),
            stream => ReadOf::StreamIdentifier(identifier(stream)),
        };
        let options = read_req::Options {
            group_name: "g".to_owned(),
            buffer_size: slots,
            uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(Empty {})) }),
            stream_option: Some(stream),
        };
        let (requests, sent) = mpsc::channel(100);
        requests.send(request(Content::Options(options))).await.unwrap();
        let sent = stream::unfold(sent, |mut sent| async { Some((sent.recv().await?, sent)) });
        let mut answers = self.0.read(sent).await?.into_inner();
        let first = answers.message().await?.unwrap().content.unwrap();
        let Answer::SubscriptionConfirmation(confirmed) = first else {
            unreachable!("the confirmation comes first");
        };
        Ok(Consumer { id: confirmed.subscription_id, requests, answers })
    }
}

fn request(content: Content) -> ReadReq {
    ReadReq { content: Some(content) }
}

/// A consumer; it is gone when it is dropped.
pub(crate) struct Consumer {
    pub(crate) id: String,
    requests: mpsc::Sender<ReadReq>,
    answers: Streaming<ReadResp>,
}

/// An event as a consumer got it.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) event: ReadEvent,
}

impl Got {
    /// The type of the event; of what it links to, if it is a link.
    pub(crate) fn name(&self) -> &str {
        let event = self.event.event.as_ref().unwrap();
        event.metadata.get("type").unwrap()
    }

    pub(crate) fn retries(&self) -> i32 {
        match self.event.count {
            Some(Count::RetryCount(count)) => count,
            _ => -1,
        }
    }

    /// The id by which it is answered.
    fn id(&self) -> WireUuid {
        let original = self.event.link.as_ref().or(self.event.event.as_ref()).unwrap();
        assert!(matches!(original.id.as_ref().unwrap().value, Some(Value::String(_))));
        original.id.clone().unwrap()
    }
}

impl Consumer {
    pub(crate) async fn next(&mut self) -> Result<Got, Status> {
        match self.answers.message().await?.unwrap().content.unwrap() {
            Answer::Event(event) => Ok(Got { event }),
            Answer::SubscriptionConfirmation(_) => unreachable!("confirmed twice"),
        }
    }

    /// The types of the next events, none of which is answered.
    pub(crate) async fn names(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.next().await.unwrap().name().to_owned());
        }
        names
    }

    /// The types of the next events, each of which is acknowledged.
    pub(crate) async fn acked(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count {
            let got = self.next().await.unwrap();
            self.ack(&got).await;
            names.push(got.name().to_owned());
        }
        names
    }

    pub(crate) async fn ack(&self, got: &Got) {
        let ack = Ack { ids: vec![got.id()], ..Ack::default() };
        self.requests.send(request(Content::Ack(ack))).await.unwrap();
    }

    pub(crate) async fn nack(&self, got: &Got, action: Action) {
        let (action, reason) = (action.into(), "not now".to_owned());
        let nack = Nack { ids: vec![got.id()], action, reason, ..Nack::default() };
        self.requests.send(request(Content::Nack(nack))).await.unwrap();
    }

    /// Why it is over.
    pub(crate) async fn end(mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }
}
