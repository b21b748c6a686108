//! Reading through KurrentDB's protocol: what is asked, and what comes.

use annals_proto::kurrentdb::{
    Empty, StreamIdentifier,
    streams::{
        ReadReq, ReadResp,
        read_req::{
            self, Options,
            options::{
                AllOptions, CountOption, FilterOption, FilterOptions, ReadDirection, StreamOption,
                StreamOptions, SubscriptionOptions, UuidOption,
                all_options::AllOption,
                filter_options::{Expression, Filter, Window},
                stream_options::RevisionOption,
                uuid_option,
            },
        },
        read_resp::{Content, ReadEvent, read_event::RecordedEvent},
        streams_client::StreamsClient,
    },
};
use tonic::{
    Request, Status, Streaming,
    metadata::{MetadataMap, MetadataValue},
};

use crate::running::{Channel, Running};

/// What there is to ask, with the usual answers to what nobody says.
#[derive(Clone)]
pub(crate) struct Asked(Options);

impl Asked {
    pub(crate) fn stream(name: &str) -> Self {
        let stream = StreamIdentifier { stream_name: name.to_owned().into() };
        Self::of(StreamOption::Stream(StreamOptions {
            stream_identifier: Some(stream),
            revision_option: Some(RevisionOption::Start(Empty {})),
        }))
    }

    /// `$all` with a prefix for the names of streams.
    pub(crate) fn prefixed(prefixes: &[&str]) -> Self {
        let prefix = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        let expression = Expression { regex: String::new(), prefix };
        let mut asked = Self::of(StreamOption::All(AllOptions {
            all_option: Some(AllOption::Start(Empty {})),
        }));
        asked.0.filter_option = Some(FilterOption::Filter(FilterOptions {
            filter: Some(Filter::StreamIdentifier(expression)),
            window: Some(Window::Count(Empty {})),
            checkpoint_interval_multiplier: 1,
        }));
        asked
    }

    fn of(stream_option: StreamOption) -> Self {
        let form = uuid_option::Content::String(Empty {});
        Self(Options {
            stream_option: Some(stream_option),
            read_direction: ReadDirection::Forwards as i32,
            resolve_links: false,
            count_option: Some(CountOption::Count(u64::MAX)),
            filter_option: Some(FilterOption::NoFilter(Empty {})),
            uuid_option: Some(UuidOption { content: Some(form) }),
            control_option: Some(read_req::options::ControlOption { compatibility: 1 }),
        })
    }

    pub(crate) fn from(mut self, revision: u64) -> Self {
        self.set(RevisionOption::Revision(revision));
        self
    }

    pub(crate) fn at_end(mut self) -> Self {
        self.set(RevisionOption::End(Empty {}));
        self
    }

    pub(crate) fn backwards(mut self) -> Self {
        self.0.read_direction = ReadDirection::Backwards as i32;
        self
    }

    pub(crate) fn at_most(mut self, count: u64) -> Self {
        self.0.count_option = Some(CountOption::Count(count));
        self
    }

    pub(crate) fn resolved(mut self) -> Self {
        self.0.resolve_links = true;
        self
    }

    pub(crate) fn for_ever(mut self) -> Self {
        self.0.count_option = Some(CountOption::Subscription(SubscriptionOptions {}));
        self
    }

    fn set(&mut self, revision: RevisionOption) {
        if let Some(StreamOption::Stream(stream)) = &mut self.0.stream_option {
            stream.revision_option = Some(revision);
        }
    }
}

/// A reader, and the metadata that it sends.
pub(crate) struct Reader(StreamsClient<Channel>, MetadataMap);

impl Reader {
    pub(crate) async fn new(server: &Running) -> Self {
        let client = StreamsClient::with_origin(server.connect().await, server.origin());
        Self(client, MetadataMap::new())
    }

    /// The same, which says this with every call.
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.1.insert(name, MetadataValue::from_static(value));
        self
    }

    /// The answers, as they come.
    pub(crate) async fn open(&mut self, asked: Asked) -> Result<Streaming<ReadResp>, Status> {
        let mut request = Request::new(ReadReq { options: Some(asked.0) });
        *request.metadata_mut() = self.1.clone();
        Ok(self.0.read(request).await?.into_inner())
    }

    /// All answers to a read that ends.
    pub(crate) async fn contents(&mut self, asked: Asked) -> Result<Vec<Content>, Status> {
        let mut answers = self.open(asked).await?;
        let mut all = Vec::new();
        while let Some(answer) = answers.message().await? {
            all.extend(answer.content);
        }
        Ok(all)
    }

    /// The events of a read that ends.
    pub(crate) async fn events(&mut self, asked: Asked) -> Vec<ReadEvent> {
        let contents = self.contents(asked).await.unwrap();
        let events = contents.into_iter().filter_map(|content| match content {
            Content::Event(event) => Some(event),
            _ => None,
        });
        events.collect()
    }
}

/// The next thing a subscription says.
pub(crate) async fn next(answers: &mut Streaming<ReadResp>) -> Content {
    answers.message().await.unwrap().unwrap().content.unwrap()
}

/// The revision and the text of the data of each event.
pub(crate) fn told(events: &[ReadEvent]) -> Vec<(u64, String)> {
    let told = events.iter().map(|event| {
        let event = event.event.as_ref().unwrap();
        (event.stream_revision, data(event))
    });
    told.collect()
}

/// The data of an event as text.
pub(crate) fn data(event: &RecordedEvent) -> String {
    String::from_utf8(event.data.to_vec()).unwrap()
}
