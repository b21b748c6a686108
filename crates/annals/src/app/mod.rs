//! The handle of an application: load, execute, save.

mod builder;
mod context;
pub(crate) mod save;

pub use builder::Builder;
pub use context::Context;

use std::{fmt, sync::Arc};

use annals_core::{Backend, Clock, Result, StreamStatus};

use crate::{
    Aggregate, At, Boundary, Command, Execute, Processes, Recorded, Root,
    aggregate::cache::Cache,
    command::{ByClosure, ByCommand, Changes},
    process::Board,
    read_side::{Registered, RegisteredReactor, RegisteredView},
    service::Running,
    upcast::{Histories, Upcasters},
};

/// The handle of an application on a store. Clones are cheap and share everything.
///
/// It works on any async runtime, or on none: nothing here spawns a task. What runs beside it
/// (see [`Builder`]) has threads of its own and stops with the last handle, or by
/// [`stop`](Self::stop).
///
/// ```
/// # use annals::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize)]
/// # #[event(prefix = "bank")]
/// # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
/// # #[derive(Debug, Default, Clone, Serialize, Deserialize)]
/// # struct Account { cents: u64 }
/// # #[aggregate(stream = "account", key = String)]
/// # impl Aggregate for Account {
/// #     type Event = BankEvent;
/// #     fn apply(&mut self, event: &BankEvent) {
/// #         match event {
/// #             BankEvent::Deposited { cents } => self.cents += cents,
/// #             BankEvent::Withdrawn { cents } => self.cents -= cents,
/// #         }
/// #     }
/// # }
/// # futures_lite::future::block_on(async {
/// let app = Annals::open("memory:").await?;
/// let ann = String::from("ann");
/// let decide = |account: &mut Changes<'_, Account>| {
///     account.emit(BankEvent::Deposited { cents: 100 });
///     Ok::<_, std::convert::Infallible>(())
/// };
/// app.transact(&ann, decide).by("clerk").await.unwrap();
/// assert_eq!(app.load::<Account>(&ann, At::Latest).await?.cents, 100);
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Annals {
    pub(crate) store: Arc<Store>,
    /// Who acts and why, for everything done through this handle.
    pub(crate) context: Arc<Context>,
    /// The reactor that uses the handle, if one does.
    pub(crate) consumer: Option<&'static str>,
    /// How the process managers are doing.
    processes: Arc<[Arc<Board>]>,
    /// What runs beside; `None` in the handles that services themselves have.
    running: Option<Arc<Running>>,
}

/// A store with what is needed to read it as Rust types.
pub(crate) struct Store {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) upcasters: Upcasters,
    /// What rules with context have read.
    pub(crate) histories: Histories,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cache: Cache,
    /// Gives the W3C `traceparent` of the current span.
    pub(crate) traceparent: fn() -> Option<String>,
    /// What was registered, in order.
    pub(crate) projections: Vec<Arc<dyn Registered>>,
    pub(crate) views: Vec<RegisteredView>,
    pub(crate) reactors: Vec<Arc<dyn RegisteredReactor>>,
}

impl Annals {
    /// Begins to put an application together.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Opens a store by its URL, with nothing else set.
    ///
    /// # Errors
    /// Those of [`open`](crate::open()).
    pub async fn open(url: &str) -> Result<Self> {
        Ok(Self::new(crate::open(url).await?))
    }

    /// An application on a store that is open already, with nothing else set.
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self::builder().without_services(backend)
    }

    /// Stops what runs beside (projections, reactors, process managers) and waits until each has
    /// finished what it had begun. The store stays open.
    ///
    /// # Errors
    /// `Application` when one of them had panicked.
    pub async fn stop(&self) -> Result<()> {
        match self.running.clone() {
            Some(running) => blocking::unblock(move || running.stop()).await,
            None => Ok(()),
        }
    }

    /// The store.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.store.backend
    }

    /// The same application, with who acts and why for everything done through the handle.
    #[must_use]
    pub fn with(&self, context: Context) -> Self {
        Self { context: Arc::new(context), ..self.clone() }
    }

    /// How the process managers of this application are doing.
    #[must_use]
    pub fn processes(&self) -> Processes {
        let (backend, clock) = (Arc::clone(self.backend()), Arc::clone(&self.store.clock));
        Processes { boards: Arc::clone(&self.processes), backend, clock }
    }

    /// The same application, used by a reactor because of an event.
    pub(crate) fn consuming<E>(&self, consumer: &'static str, event: &Recorded<E>) -> Self {
        let context = Context::new().cause(event).or(&self.context);
        Self { consumer: Some(consumer), ..self.with(context) }
    }

    /// Executes a command: loads its aggregate, decides, appends, and decides again when somebody
    /// was faster. Set the details on what this gives, then await it.
    pub fn execute<C: Command>(&self, command: C) -> Execute<'_, C::Aggregate, ByCommand<C>> {
        let key = command.key();
        Execute::new(self, key, ByCommand(command))
    }

    /// Decides with a closure instead of a command. It may run several times.
    pub fn transact<B, R, E, F>(
        &self,
        key: &B::Key,
        decide: F,
    ) -> Execute<'_, B, ByClosure<F, R, E>>
    where
        B: Boundary,
        R: Send + 'static,
        E: Send + 'static,
        F: Fn(&mut Changes<'_, B>) -> Result<R, E> + Send + Sync,
    {
        Execute::new(self, key.clone(), ByClosure::new(decide))
    }

    /// Loads a state as it was at a moment. What never was is the state before any event, with no
    /// version.
    ///
    /// # Errors
    /// `StreamDeleted` for a tombstoned stream, `Undecodable`, `Application` when a fold panics,
    /// `InvalidArgument`, and those of reading.
    pub async fn load<B: Boundary>(&self, key: &B::Key, at: At) -> Result<Root<B>> {
        self.store.load(key, at).await
    }

    /// Whether an aggregate has events.
    ///
    /// # Errors
    /// `InvalidArgument`, and those of reading.
    pub async fn exists<A: Aggregate>(&self, key: &A::Key) -> Result<bool> {
        let root = Root::<A>::new(key)?;
        match root.lone_stream() {
            Some(stream) => {
                let info = self.store.backend.stream_info(stream).await?;
                Ok(info.status == StreamStatus::Live)
            }
            None => Ok(self.store.load::<A>(key, At::Latest).await?.folded.events > 0),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("backend", &self.backend).finish_non_exhaustive()
    }
}
