//! `serve-empty`: a gRPC service that takes and gives what a store would, and does nothing.
//!
//! It answers as many and as large messages as the others do, from one event that it was born
//! with; so it costs what tonic, hyper and the kernel cost, and the copying of that event. With
//! `--sync` an append is written to a file and synced before it is answered, one after the other.

mod annals;
mod events;
mod kurrentdb;
mod umadb;

use std::{
    convert::Infallible,
    fs::File,
    io::Write,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{Stream, StreamExt, stream::BoxStream};
use prost::Message;
use tokio::{runtime::Builder, sync::broadcast, task};
use tonic::{
    Request, Response, Status, body::Body, codegen::http, server::Grpc, transport::Server,
};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::channel::MESSAGE_BYTES_MAX;
use crate::{args::EmptyArgs, problem};

/// How many live events a subscriber may be behind.
const BEHIND_MAX: usize = 1_024;

type HttpRequest = http::Request<Body>;
type HttpResponse = http::Response<Body>;

/// What all protocols of the service share.
struct Empty {
    /// How many events there are to read.
    events: u64,
    /// The position of the last append.
    last: AtomicU64,
    appended: broadcast::Sender<u64>,
    file: Option<Mutex<File>>,
}

/// Serves until it is killed.
pub(crate) fn run(args: &EmptyArgs) -> problem::Result<()> {
    // In the folder that it was started in.
    let file = args.sync.then(|| File::create("appends")).transpose()?.map(Mutex::new);
    let last = args.events.into();
    let appended = broadcast::Sender::new(BEHIND_MAX);
    let empty = Arc::new(Empty { events: args.events, last, appended, file });
    let service = service_fn(move |request| {
        let empty = Arc::clone(&empty);
        async move { Ok::<_, Infallible>(empty.answer(request).await) }
    });
    let listen = (Ipv4Addr::LOCALHOST, args.port).into();
    Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async { Ok(Server::builder().tcp_nodelay(true).serve(listen, service).await?) })
}

impl Empty {
    async fn answer(self: Arc<Self>, request: HttpRequest) -> HttpResponse {
        let path = request.uri().path().to_owned();
        match path.split('/').nth(1) {
            Some("annals.v1.Store") => annals::answer(self, &path, request).await,
            Some("umadb.v1.DCB") => umadb::answer(self, &path, request).await,
            _ => kurrentdb::answer(self, &path, request).await,
        }
    }

    /// Takes an append; gives the position of its last event.
    fn append(&self, count: usize, message: &impl Message) -> Result<u64, Status> {
        let count = count as u64;
        if let Some(file) = &self.file {
            let bytes = message.encode_to_vec();
            let write = || {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.write_all(&bytes).and_then(|()| file.sync_data())
            };
            task::block_in_place(write).map_err(|error| Status::internal(error.to_string()))?;
        }
        let last = self.last.fetch_add(count, Ordering::Relaxed) + count;
        // Nobody may be listening.
        drop(self.appended.send(count));
        Ok(last)
    }

    /// How many events come at once, from now on.
    fn live(&self) -> BoxStream<'static, u64> {
        let receiver = self.appended.subscribe();
        let next = async |mut receiver: broadcast::Receiver<u64>| {
            receiver.recv().await.ok().map(|count| (count, receiver))
        };
        futures_util::stream::unfold(receiver, next).boxed()
    }
}

/// The sizes of the messages that so many events come in.
fn sizes(events: u64, each: u64) -> impl Iterator<Item = u64> {
    (0..events).step_by(each as usize).map(move |first| each.min(events - first))
}

fn grpc<D, E>() -> Grpc<ProstCodec<E, D>>
where
    D: Message + Default + Send + 'static,
    E: Message + Default + Send + 'static,
{
    Grpc::new(ProstCodec::default()).max_decoding_message_size(MESSAGE_BYTES_MAX)
}

/// A call that is answered by one message.
async fn unary<D, E>(request: HttpRequest, answer: impl Fn(D) -> Result<E, Status>) -> HttpResponse
where
    D: Message + Default + Send + 'static,
    E: Message + Default + Send + 'static,
{
    let service = service_fn(|request: Request<D>| {
        std::future::ready(answer(request.into_inner()).map(Response::new))
    });
    grpc().unary(service, request).await
}

/// A call that is answered by many messages.
async fn streaming<D, E, S>(request: HttpRequest, answers: impl Fn(D) -> S) -> HttpResponse
where
    D: Message + Default + Send + 'static,
    E: Message + Default + Send + 'static,
    S: Stream<Item = E> + Send + 'static,
{
    let service = service_fn(|request: Request<D>| {
        let answers = answers(request.into_inner()).map(Ok::<_, Status>);
        std::future::ready(Ok::<_, Status>(Response::new(answers)))
    });
    grpc().server_streaming(service, request).await
}

fn unknown(path: &str) -> HttpResponse {
    Status::unimplemented(format!("the empty service does not know {path}")).into_http()
}
