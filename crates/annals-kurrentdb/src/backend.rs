//! The store as a [`Backend`].

use std::{fmt, future::ready, sync::Arc};

use annals_client::{Failed, Options, Shared as SharedOf, Threads, Tls, follow};
use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Error, ErrorKind, Position, Read, RecordedEvent, Restore, Result, StateEntry,
    StateKey, StateKind, StatePut, StoreInfo, StreamInfo, StreamName, Subscribe,
};
use annals_proto::kurrentdb::{
    Empty, server_features::server_features_client::ServerFeaturesClient,
};
use futures_lite::{StreamExt, stream};

use crate::{
    Target,
    append::{Newest, append},
    connect::{Shared, client},
    delete::delete,
    discover::discover,
    failure::failed,
    follow::Subscription,
    info, list,
    read::read,
    unsupported::{no_state, unsupported},
};

/// The store of a KurrentDB. Clones share the connections.
#[derive(Clone)]
pub struct KurrentDb {
    shared: Arc<Shared>,
    newest: Arc<Newest>,
}

impl KurrentDb {
    /// Connects to the server that a URL names, like [`KurrentDb::open_target`].
    ///
    /// # Errors
    /// Those of [`KurrentDb::open_target`], and `InvalidArgument` for a malformed URL.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        Self::open_target(&url.parse()?, options).await
    }

    /// Connects to a server, and makes sure that it is one. What the URL says about an option
    /// stands above `options`.
    ///
    /// # Errors
    /// `InvalidArgument` for certificates that cannot be used; `Unavailable` when the server, or
    /// the one of its cluster that is preferred, cannot be reached; `Unsupported` when it does not
    /// speak the protocol; `Unauthenticated`; `PermissionDenied`; `Timeout`.
    pub async fn open_target(target: &Target, options: Options) -> Result<Self> {
        let options = target.options(options);
        let threads = Threads::of(&options)?;
        // Asked on the thread of the connections, because the caller may have no runtime.
        let place = {
            let (target, options) = (target.clone(), options.clone());
            threads.handle().spawn(async move { discover(&target, &options).await })
        };
        let authority = place.await.map_err(|error| {
            let why = "looking for the server was given up";
            Error::new(ErrorKind::Unavailable, why).caused_by(error)
        })??;
        let server = target.server(&authority)?;
        let (calls, streams) = {
            let _entered = threads.handle().enter();
            (server.connection(&options)?, server.connection(&options)?)
        };
        let features = ServerFeaturesClient::new(calls.clone());
        let clients = (client(calls), client(streams));
        let shared = Arc::new(SharedOf::new(threads, clients, options, failed));
        let here = Arc::clone(&shared);
        let tls = target.tls().clone();
        let asked = shared.here(async move {
            let mut features = features;
            let asked = here.attempt(features.get_supported_methods(Empty {})).await;
            asked.map(drop).or_else(|failed| first_failed(failed, &tls))
        });
        asked.await?;
        Ok(Self { shared, newest: Arc::default() })
    }

    /// A question or a write, made where it is awaited.
    fn here<T: Send + 'static, W: Future<Output = Result<T>> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Shared>) -> W,
    ) -> BoxFuture<'_, Result<T>> {
        self.shared.here(work(Arc::clone(&self.shared)))
    }

    /// What it cannot do, unless it is closed.
    fn refused<T: Send + 'static>(&self, why: fn() -> Error) -> BoxFuture<'_, Result<T>> {
        Box::pin(ready(self.shared.check_open().and_then(|()| Err(why()))))
    }
}

/// Why the first call failed. Older servers do not know it; one that encrypts hangs up on who does
/// not.
fn first_failed(failed: Failed, tls: &Tls) -> Result<()> {
    let is_old =
        |error: &Error| matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::StreamNotFound);
    let hung_up = matches!(&failed, Failed::Lost(error) if error.kind() == ErrorKind::Unavailable);
    match failed {
        Failed::Answered(error) if is_old(&error) => Ok(()),
        failed if hung_up && *tls == Tls::Off => {
            let error = failed.of_question();
            let why =
                format!("{error}; if it runs with encryption, leave `tls=false` out of its URL");
            Err(Error::new(error.kind(), why))
        }
        failed => Err(failed.of_question()),
    }
}

impl fmt::Debug for KurrentDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KurrentDb").finish_non_exhaustive()
    }
}

impl Backend for KurrentDb {
    /// It keeps what it takes, and no more is known of it.
    fn capabilities(&self) -> Capabilities {
        Capabilities { store_durable: true, ..Capabilities::default() }
    }

    fn append(&self, what: Append) -> BoxFuture<'_, Result<Appended>> {
        let newest = Arc::clone(&self.newest);
        self.here(async move |shared: Arc<Shared>| append(&shared, &newest, what).await)
    }

    fn delete_stream(&self, what: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        self.here(async move |shared: Arc<Shared>| delete(&shared, &what).await)
    }

    fn read(&self, what: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        read(&self.shared, what)
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        match Subscription::new(&self.shared, &subscribe) {
            Ok(subscription) => follow(subscription, subscribe),
            Err(error) => stream::once(Err(error)).boxed(),
        }
    }

    /// The position of the newest event, also where reads leave it out as one of the system.
    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        self.here(async move |shared: Arc<Shared>| info::head_patiently(&shared).await)
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        let stream = stream.clone();
        self.here(async move |shared: Arc<Shared>| info::stream(&shared, &stream).await)
    }

    /// Goes through all events, because a server lists no streams.
    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        list::streams(&self.shared, category)
    }

    fn state(&self, _: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        self.refused(no_state)
    }

    fn put_state(&self, _: StatePut) -> BoxFuture<'_, Result<u64>> {
        self.refused(no_state)
    }

    fn states(&self, _: StateKind, _: &str) -> BoxStream<'static, Result<StateEntry>> {
        let open = self.shared.check_open();
        stream::once(open.and_then(|()| Err(no_state()))).boxed()
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        self.refused(|| {
            unsupported(
                "a KurrentDB does not tell how many events and streams it has; its head is known, \
                 and so is each stream",
            )
        })
    }

    fn restore(&self, _: Restore) -> BoxFuture<'_, Result<()>> {
        self.refused(|| {
            unsupported(
                "a KurrentDB takes no events as another store recorded them; append them instead",
            )
        })
    }

    /// Closes this handle. The store belongs to its server, and stays open.
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.shared.close();
        Box::pin(ready(Ok(())))
    }
}
