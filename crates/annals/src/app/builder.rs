//! Putting an application together.

use std::{fmt, sync::Arc};

use annals_core::{Backend, Clock, Error, Result, SystemClock};

use super::{Annals, Context, Store};
use crate::{
    Process,
    aggregate::cache::Cache,
    process::{Board, Inbox, Outbox},
    read_side::{Registered, RegisteredReactor, RegisteredView},
    service::{Running, Service},
    upcast::{Histories, Upcasters},
};

/// How many aggregates are kept warm unless said otherwise.
const CACHED_DEFAULT: usize = 10_000;

/// Puts an application together.
///
/// ```
/// use annals::{Annals, Upcasters};
///
/// # futures_lite::future::block_on(async {
/// let app = Annals::builder()
///     .upcasters(Upcasters::new().rename("AccountOpened", "bank.opened"))
///     .cached(1_000)
///     .open("memory:")
///     .await?;
/// app.stop().await?;
/// # Ok::<(), annals::Error>(()) }).unwrap();
/// ```
pub struct Builder {
    pub(crate) services: Vec<Box<dyn Service>>,
    pub(crate) projections: Vec<Arc<dyn Registered>>,
    pub(crate) views: Vec<RegisteredView>,
    pub(crate) reactors: Vec<Arc<dyn RegisteredReactor>>,
    upcasters: Upcasters,
    clock: Arc<dyn Clock>,
    cached: usize,
    traceparent: fn() -> Option<String>,
    processes: Vec<Arc<Board>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            projections: Vec::new(),
            views: Vec::new(),
            reactors: Vec::new(),
            upcasters: Upcasters::new(),
            clock: Arc::new(SystemClock),
            cached: CACHED_DEFAULT,
            traceparent: || None,
            processes: Vec::new(),
        }
    }
}

impl Builder {
    /// How stored events of old schemas become today's.
    #[must_use]
    pub fn upcasters(self, upcasters: Upcasters) -> Self {
        Self { upcasters, ..self }
    }

    /// Where the application's own time comes from: [`Changes::now`](crate::Changes::now),
    /// snapshots, deadlines. Times of events are the store's.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// How many aggregates to keep warm; 10,000 unless said otherwise, 0 for none. A warm
    /// aggregate reads only what is new.
    #[must_use]
    pub fn cached(self, aggregates: usize) -> Self {
        Self { cached: aggregates, ..self }
    }

    /// Where the W3C `traceparent` of the current span comes from, to go into the metadata of
    /// events.
    #[must_use]
    pub fn traceparent(self, traceparent: fn() -> Option<String>) -> Self {
        Self { traceparent, ..self }
    }

    /// Runs a process manager: see [`Process`]. Without a checkpoint it begins with the first event
    /// of the store.
    #[must_use]
    pub fn process<P: Process>(mut self) -> Self {
        let board = Arc::new(Board::new(P::NAME));
        self.services.push(Box::new(Inbox::<P>::new(Arc::clone(&board))));
        self.services.push(Box::new(Outbox::new::<P>(Arc::clone(&board))));
        self.processes.push(board);
        self
    }

    /// The application on a store, with everything that was registered running.
    ///
    /// It waits for no read model. One that is written with the events ([`Run::inline`]) and is new
    /// is filled in the background first, from the first event on, and is part of every append from
    /// the moment in which it has caught up; [`switched`](crate::ProjectionHandle::switched) waits
    /// for that.
    ///
    /// # Errors
    /// `Unsupported` when the store cannot do what something registered needs; `InvalidArgument`
    /// for two of the same name, for upcasters that contradict each other, and for read models that
    /// are to be written with the events and are in another store.
    ///
    /// [`Run::inline`]: crate::Run::inline
    pub fn build(mut self, backend: Arc<dyn Backend>) -> Result<Annals> {
        self.upcasters.check()?;
        let services = std::mem::take(&mut self.services);
        let capabilities = backend.capabilities();
        let mut names = std::collections::HashSet::new();
        for service in &services {
            service.check(capabilities)?;
            if !names.insert(service.name()) {
                return Err(registered_twice(service.name()));
            }
        }
        let mut names = std::collections::HashSet::new();
        for projection in &self.projections {
            projection.check()?;
            if !names.insert(projection.name()) {
                return Err(registered_twice(projection.name()));
            }
        }
        let app = self.without_services(backend);
        for projection in &app.store.projections {
            Arc::clone(projection).install(&app.store)?;
        }
        let running = Running::start(services, &app)?;
        Ok(Annals { running: Some(Arc::new(running)), ..app })
    }

    pub(super) fn without_services(self, backend: Arc<dyn Backend>) -> Annals {
        let processes = self.processes.into();
        let store = Store {
            backend,
            upcasters: self.upcasters,
            histories: Histories::default(),
            clock: self.clock,
            cache: Cache::new(self.cached),
            traceparent: self.traceparent,
            projections: self.projections,
            views: self.views,
            reactors: self.reactors,
        };
        let context = Arc::new(Context::default());
        Annals { store: Arc::new(store), context, consumer: None, processes, running: None }
    }

    /// Opens the store by its URL and builds the application on it.
    ///
    /// # Errors
    /// Those of [`open`](crate::open()).
    pub async fn open(self, url: &str) -> Result<Annals> {
        self.build(crate::open(url).await?)
    }
}

fn registered_twice(name: &str) -> Error {
    Error::invalid(format!("`{name}` is registered twice; names must be unique"))
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services: Vec<_> = self.services.iter().map(|service| service.name()).collect();
        f.debug_struct("Builder").field("services", &services).finish_non_exhaustive()
    }
}
