//! A server with a few events at places that the test chooses. It knows reads and subscriptions of
//! the whole store, and of filters those that this crate sends.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use annals_proto::kurrentdb::{
    StreamIdentifier, Uuid,
    streams::{
        AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq,
        ReadResp, TombstoneReq, TombstoneResp,
        read_req::{
            Options,
            options::{CountOption, FilterOption, StreamOption, all_options::AllOption},
        },
        read_resp::{CaughtUp, Content, Position, ReadEvent, read_event::RecordedEvent},
        streams_server::{Streams, StreamsServer},
    },
    uuid::{Structured, Value},
};
use futures_lite::{Stream, StreamExt, stream};
use tokio::runtime::{Builder, Runtime};
use tonic::{Request, Response, Status, Streaming, service::Routes};

type Answers<T> = std::pin::Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// A server; it ends with this value.
#[derive(Debug)]
pub(crate) struct Fake {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Fake {
    pub(crate) fn start(events: &[(u64, &str)]) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let events = events.iter().map(|(at, stream)| (*at, (*stream).to_owned())).collect();
        let service = StreamsServer::new(Log(Arc::new(events)));
        let routes = Routes::new(service).into_axum_router();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self { address, runtime: Some(runtime) }
    }

    pub(crate) fn url(&self) -> String {
        format!("kurrentdb://{}?tls=false", self.address)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[derive(Debug, Clone)]
struct Log(Arc<Vec<(u64, String)>>);

impl Log {
    /// The position after which, or before which, to read.
    fn place(&self, all: Option<AllOption>) -> Result<Option<u64>, Status> {
        let Some(AllOption::Position(at)) = all else { return Ok(None) };
        assert_eq!(at.commit_position, at.prepare_position);
        if self.0.iter().all(|(known, _)| *known != at.commit_position) {
            return Err(Status::invalid_argument("Trying to read from an invalid position."));
        }
        Ok(Some(at.commit_position))
    }

    fn answers(&self, options: &Options) -> Result<Vec<Content>, Status> {
        let Some(StreamOption::All(all)) = &options.stream_option else {
            return Err(Status::unimplemented("streams"));
        };
        let place = self.place(all.all_option)?;
        let subscribes = matches!(options.count_option, Some(CountOption::Subscription(_)));
        let count = match options.count_option {
            Some(CountOption::Count(count)) => usize::try_from(count).unwrap(),
            _ => usize::MAX,
        };
        let is_backward = options.read_direction == 1;
        let is_in = |at: u64| match place {
            None => true,
            Some(place) if is_backward => at < place,
            Some(place) if subscribes => at > place,
            Some(place) => at >= place,
        };
        let events = self.0.iter().filter(|(at, _)| is_in(*at));
        let mut events: Vec<_> =
            events.filter(|(_, stream)| passes(options.filter_option.as_ref(), stream)).collect();
        if is_backward {
            events.reverse();
        }
        let events = events.into_iter().take(count).map(|(at, stream)| event(*at, stream));
        let end = self.0.last().map_or(0, |(at, _)| *at);
        let position = Some(Position { commit_position: end, prepare_position: end });
        let mark = Content::CaughtUp(CaughtUp { position, ..CaughtUp::default() });
        Ok(events.chain(subscribes.then_some(mark)).collect())
    }
}

/// Understands prefixes, and takes a pattern for the one that leaves out the system.
fn passes(filter: Option<&FilterOption>, stream: &str) -> bool {
    use annals_proto::kurrentdb::streams::read_req::options::filter_options::Filter;
    let Some(FilterOption::Filter(filter)) = filter else { return true };
    match &filter.filter {
        Some(Filter::StreamIdentifier(by_name)) if by_name.regex.is_empty() => {
            by_name.prefix.iter().any(|prefix| stream.starts_with(prefix))
        }
        _ => !stream.strip_prefix("$$").unwrap_or(stream).starts_with('$'),
    }
}

fn event(at: u64, stream: &str) -> Content {
    let id = Structured { most_significant_bits: 1, least_significant_bits: at.cast_signed() };
    let properties = [("type", "x"), ("content-type", "application/json"), ("created", "10")];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Content::Event(ReadEvent {
        event: Some(RecordedEvent {
            id: Some(Uuid { value: Some(Value::Structured(id)) }),
            stream_identifier: Some(StreamIdentifier {
                stream_name: stream.to_owned().into_bytes().into(),
            }),
            prepare_position: at,
            commit_position: at,
            metadata: BTreeMap::from(properties.map(owned)),
            ..RecordedEvent::default()
        }),
        ..ReadEvent::default()
    })
}

#[tonic::async_trait]
impl Streams for Log {
    type ReadStream = Answers<ReadResp>;
    type BatchAppendStream = Answers<BatchAppendResp>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        let options = request.into_inner().options.unwrap();
        let answers = self.answers(&options)?;
        let answers = answers.into_iter().map(|content| Ok(ReadResp { content: Some(content) }));
        let answers = stream::iter(answers);
        Ok(Response::new(match options.count_option {
            Some(CountOption::Subscription(_)) => Box::pin(answers.chain(stream::pending())),
            _ => Box::pin(answers),
        }))
    }

    async fn append(
        &self,
        _: Request<Streaming<AppendReq>>,
    ) -> Result<Response<AppendResp>, Status> {
        Err(Status::unimplemented("appends"))
    }

    async fn batch_append(
        &self,
        _: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Err(Status::unimplemented("appends"))
    }

    async fn delete(&self, _: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(Status::unimplemented("deletes"))
    }

    async fn tombstone(&self, _: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(Status::unimplemented("deletes"))
    }
}
