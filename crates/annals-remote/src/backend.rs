//! The store as a [`Backend`].

use std::{fmt, sync::Arc};

use annals_client::{Failed, Lost, Threads, Tls, follow};
use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Error, ErrorKind, Freshness, Position, Read, RecordedEvent, Restore, Result,
    StateEntry, StateKey, StateKind, StatePut, StoreInfo, StreamInfo, StreamName, Subscribe,
    limits,
};
use annals_proto::annals::{
    GetCapabilitiesRequest, GetHeadRequest, GetStateRequest, GetStoreInfoRequest,
    GetStreamInfoRequest, ListStatesRequest, ListStreamsRequest,
};
use prost::Message;

use crate::{
    Options, Target,
    connect::{Shared, client},
    failure::failed,
    follow::Subscriptions,
    list::list,
    read::read,
    wire::{append, info, restore, state},
};

/// A store that a server has. Clones share the connections.
#[derive(Clone)]
pub struct Remote {
    shared: Arc<Shared>,
    capabilities: Capabilities,
}

/// The largest message that a server takes, in bytes.
const MESSAGE_BYTES_MAX: usize = 2 * limits::APPEND_BYTES_MAX;

impl Remote {
    /// Connects to the server that a URL names, like [`Remote::open_target`].
    ///
    /// # Errors
    /// Those of [`Remote::open_target`], and `InvalidArgument` for a malformed URL.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        Self::open_target(&url.parse()?, options).await
    }

    /// Connects to a server and asks it what its store can do. What the URL says about an option
    /// stands above `options`.
    ///
    /// # Errors
    /// `InvalidArgument` for certificates that cannot be used; `Unavailable` when the server cannot
    /// be reached; `Unsupported` when it does not speak the protocol; `Unauthenticated`;
    /// `PermissionDenied`; `Timeout`.
    pub async fn open_target(target: &Target, options: Options) -> Result<Self> {
        let options = target.options(options);
        let threads = Threads::of(&options)?;
        let clients = {
            let _entered = threads.handle().enter();
            (client(target, &options)?, client(target, &options)?)
        };
        let shared = Arc::new(Shared::new(threads, clients, options, failed));
        let here = Arc::clone(&shared);
        let tls = target.tls.clone();
        let asked = shared.here(async move {
            let mut client = here.calls.clone();
            let asked = here.attempt(client.get_capabilities(GetCapabilitiesRequest {})).await;
            asked.map_err(|failed| first_failed(failed, &tls))
        });
        let capabilities = info::capabilities(&asked.await?);
        Ok(Self { shared, capabilities })
    }

    /// A question or a write, made where it is awaited.
    fn here<T: Send + 'static, W: Future<Output = Result<T>> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Shared>) -> W,
    ) -> BoxFuture<'_, Result<T>> {
        self.shared.here(work(Arc::clone(&self.shared)))
    }
}

/// Why the first call failed. A server that encrypts hangs up on who does not.
fn first_failed(failed: Failed, tls: &Tls) -> Error {
    let hung_up = matches!(&failed, Failed::Lost(error) if error.kind() == ErrorKind::Unavailable);
    let error = failed.of_question();
    if hung_up && *tls == Tls::Off {
        let why = format!("{error}; if it runs with encryption, leave `tls=false` out of its URL");
        return Error::new(error.kind(), why);
    }
    error
}

/// Refuses what the server would not take.
fn check_size(what: &str, message: &impl Message) -> Result<()> {
    let size = message.encoded_len();
    if size > MESSAGE_BYTES_MAX {
        let what = format!("the size of {what} with all of its names in bytes");
        return Err(Error::too_large(&what, size, MESSAGE_BYTES_MAX));
    }
    Ok(())
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").finish_non_exhaustive()
    }
}

impl Backend for Remote {
    /// What the store behind the server can do, but for what needs it in the same process:
    /// `store_exclusive` and `projection_inline`.
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        self.here(async move |shared: Arc<Shared>| {
            shared.check_open()?;
            append.check()?;
            let lost = if append.event_count() > 0 { Lost::Recognised } else { Lost::Once };
            let request = append::append(append);
            check_size("the append", &request)?;
            shared.starting.settled().await;
            let call = shared.call(lost, |mut client| {
                let request = request.clone();
                async move { client.append(request).await }
            });
            append::appended(call.await?)
        })
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        self.here(async move |shared: Arc<Shared>| {
            let request = append::delete(&delete);
            shared.starting.settled().await;
            let call = shared.call(Lost::Once, |mut client| {
                let request = request.clone();
                async move { client.delete_stream(request).await }
            });
            Ok(Deleted { position: Position::new(call.await?.position) })
        })
    }

    fn read(&self, what: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        read(&self.shared, what)
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        follow(Subscriptions(Arc::clone(&self.shared)), subscribe)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        self.here(async move |shared: Arc<Shared>| {
            let call = shared.call(Lost::Question, |mut client| async move {
                client.get_head(GetHeadRequest {}).await
            });
            Ok(call.await?.position.map(Position::new))
        })
    }

    fn catch_up(&self, to: Freshness) -> BoxFuture<'_, Result<Option<Position>>> {
        let request = info::catch_up(to);
        self.here(async move |shared: Arc<Shared>| {
            let call = shared
                .call(Lost::Question, |mut client| async move { client.catch_up(request).await });
            Ok(call.await?.position.map(Position::new))
        })
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        let stream = stream.to_string();
        self.here(async move |shared: Arc<Shared>| {
            let call = shared.call(Lost::Question, |mut client| {
                let request = GetStreamInfoRequest { stream: stream.clone() };
                async move { client.get_stream_info(request).await }
            });
            info::stream(call.await?)
        })
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        let category = category.map(|category| category.to_string());
        list(
            &self.shared,
            move |mut client| {
                let request = ListStreamsRequest { category: category.clone() };
                async move { client.list_streams(request).await }
            },
            |message| message.streams.into_iter().map(StreamName::new).collect(),
        )
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        let request = GetStateRequest { key: Some(state::key(key)) };
        self.here(async move |shared: Arc<Shared>| {
            let call = shared.call(Lost::Question, |mut client| {
                let request = request.clone();
                async move { client.get_state(request).await }
            });
            call.await?.entry.map(state::entry).transpose()
        })
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        self.here(async move |shared: Arc<Shared>| {
            shared.check_open()?;
            put.check()?;
            let request = state::put(put);
            let call = shared.call(Lost::Once, |mut client| {
                let request = request.clone();
                async move { client.put_state(request).await }
            });
            Ok(call.await?.revision)
        })
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        let request =
            ListStatesRequest { kind: state::kind(kind).into(), prefix: prefix.to_owned() };
        list(
            &self.shared,
            move |mut client| {
                let request = request.clone();
                async move { client.list_states(request).await }
            },
            |message| message.entries.into_iter().map(state::entry).collect(),
        )
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        self.here(async move |shared: Arc<Shared>| {
            let call = shared.call(Lost::Question, |mut client| async move {
                client.get_store_info(GetStoreInfoRequest {}).await
            });
            Ok(info::store(call.await?))
        })
    }

    fn restore(&self, what: Restore) -> BoxFuture<'_, Result<()>> {
        self.here(async move |shared: Arc<Shared>| {
            let request = restore::restore(what);
            check_size("what is restored", &request)?;
            shared.starting.settled().await;
            let call = shared.call(Lost::Once, |mut client| {
                let request = request.clone();
                async move { client.restore(request).await }
            });
            call.await.map(drop)
        })
    }

    /// Closes this handle. The store belongs to its server, and stays open.
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.shared.close();
        Box::pin(std::future::ready(Ok(())))
    }
}
