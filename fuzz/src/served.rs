//! A server over a small store in memory, and what must hold of it whatever it was sent.

use std::{
    cell::Cell,
    collections::BTreeMap,
    panic,
    sync::{Arc, Once},
    time::Duration,
};

use annals_core::{
    Append, Backend, ErrorKind, EventId, EventType, ExpectedVersion, MemoryBackend, NewEvent,
    Position, Query, Read, ReadAll, ReadStream, RecordedEvent, Result, StreamMetadata, StreamName,
    StreamStatus, Tag, Tags, Version,
};
use annals_server::{Anonymous, Options, Secured, Security, fuzzing::Portless};
use axum::body::Body;
use futures_lite::StreamExt;
use http::{Request, StatusCode};
use tokio::{runtime, time};
use uuid::Uuid;

/// How long anything may take. Only a defect takes as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Who is asked for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Open,
    Guarded,
}

/// A server with the store behind it.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) server: Portless,
    store: Arc<MemoryBackend>,
}

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// Runs what sends something to a server, then checks the server.
///
/// # Panics
/// When something on this thread panicked, also where the panic is caught; when the store is not
/// as a store must be; when the server counts calls that are over.
pub(crate) fn with<T>(door: Door, send: impl AsyncFnOnce(&Served) -> T) -> T {
    count_panics();
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let served = Served::new(door).await.expect("a server");
        let sent = send(&served).await;
        assert_eq!(PANICS.get(), 0, "something panicked");
        served.check_store().await;
        served.check_calls().await;
        time::timeout(PATIENCE, served.server.stop()).await.expect("it stops");
        assert_eq!(PANICS.get(), 0, "something panicked");
        sent
    })
}

/// Panics are counted where they begin, because the server catches them.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
    PANICS.set(0);
}

impl Served {
    async fn new(door: Door) -> Result<Self> {
        let store = Arc::new(MemoryBackend::new());
        for number in 0..4_u8 {
            let stream = StreamName::new(format!("account-{}", number % 3 + 1))?;
            let event = NewEvent::new(EventType::new("opened")?, format!("{{\"n\":{number}}}"))
                .with_id(EventId::derived(Uuid::from_u128(9), &[number]))
                .with_tags(Tags::new([Tag::new("a:1")?])?);
            store.append(Append::to(stream, ExpectedVersion::Any, [event])).await?;
        }
        let security = match door {
            Door::Open => Security::Insecure,
            Door::Guarded => {
                Security::Secured(Secured { anonymous: Anonymous::AsListed, ..Secured::default() })
            }
        };
        let options = Options { security, ..Options::default() };
        let server = Portless::over(Arc::clone(&store) as _, options).await?;
        Ok(Self { server, store })
    }

    /// All that is stored can be read in every way, and its numbers have no holes.
    async fn check_store(&self) {
        let all = self.read(Read::All(ReadAll::new(Query::all()))).await;
        let mut of_streams: BTreeMap<&StreamName, Vec<&RecordedEvent>> = BTreeMap::new();
        for (at, event) in all.iter().enumerate() {
            assert_eq!(event.position, Position::new(at as u64), "a hole in the positions");
            of_streams.entry(&event.stream).or_default().push(event);
        }
        let head = self.store.head().await.expect("a store has a head");
        assert_eq!(head, all.last().map(|event| event.position));
        for (stream, events) in of_streams {
            let versions = events.iter().map(|event| event.version);
            assert!(versions.is_sorted_by(|a, b| a < b), "versions of `{stream}` go back");
            self.check_stream(stream, &events).await;
        }
    }

    /// A stream gives its events, except those that its settings hide and those of a deleted one.
    async fn check_stream(&self, stream: &StreamName, events: &[&RecordedEvent]) {
        let info = self.store.stream_info(stream).await.expect("a stream is known");
        let read: Result<Vec<_>> =
            self.store.read(Read::Stream(ReadStream::new(stream.clone()))).try_collect().await;
        match (info.status, read) {
            (StreamStatus::Live, Ok(read)) => {
                let mut stored = events.iter();
                let is_stored = |event| stored.any(|stored| *stored == event);
                assert!(read.iter().all(is_stored), "`{stream}` gives other events");
                let hides = stream.is_metastream() || info.metadata != StreamMetadata::default();
                let all =
                    hides || info.first_version > Version::FIRST || read.len() == events.len();
                assert!(all, "events of `{stream}` are missing");
            }
            (status, read) => {
                let kind = read.err().map(|error| error.kind());
                let is_gone =
                    matches!(kind, Some(ErrorKind::StreamNotFound | ErrorKind::StreamDeleted));
                assert!(is_gone, "`{stream}` is {status:?}, and reading it gives {kind:?}");
            }
        }
    }

    async fn read(&self, read: Read) -> Vec<RecordedEvent> {
        let events: Vec<_> = self.store.read(read).collect().await;
        events.into_iter().collect::<Result<_>>().expect("what is stored can be read")
    }

    /// Nothing that is over still counts as under way.
    async fn check_calls(&self) {
        let request = Request::get("/metrics").body(Body::empty()).expect("a request");
        let answer = self.server.call(request).await;
        // On a server with authentication it is not for everybody.
        if answer.status() == StatusCode::OK {
            let text = whole(answer.into_body()).await;
            let text = String::from_utf8_lossy(&text);
            assert!(text.contains("annals_grpc_requests_active 0\n"), "calls are still open");
        }
    }
}

/// All bytes of an answer.
pub(crate) async fn whole(body: Body) -> Vec<u8> {
    let mut data = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(part) = data.next().await {
        bytes.extend_from_slice(&part.expect("an answer comes whole"));
    }
    bytes
}
