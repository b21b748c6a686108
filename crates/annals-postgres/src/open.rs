//! Opening a store.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64},
};

use annals_core::{Error, ErrorKind, Result};
use event_listener::Event;
use parking_lot::{Mutex, RwLock};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{
    Create, MIGRATIONS, Migrate, Options, Target,
    backend::Inner,
    connect::Connector,
    failure::failed,
    link::Link,
    migrate::{self, Migration},
    options::check_schema,
    pool::{self, no_pool},
    read::rows::RowBytes,
    replicas::Replicas,
    route::Routes,
    session::{Limit, Session},
    shared::{CHANNEL, Shared, no_store},
    sql::{Sql, quoted},
    watch::watch,
    work::Work,
    write::committer::Committer,
};

/// Threads that drive connections.
const THREADS: usize = 2;
/// Most requests between callers and the committer.
const QUEUE: usize = 1_024;

/// Where connections are driven.
#[derive(Debug)]
pub(crate) enum Threads {
    /// Threads of our own, so that callers need no runtime.
    Own(Runtime),
    /// Those of the caller's runtime.
    Lent(Handle),
}

impl Threads {
    fn of(options: &Options) -> Result<Self> {
        options
            .runtime
            .clone()
            .map_or_else(|| runtime().map(Self::Own), |lent| Ok(Self::Lent(lent)))
    }

    fn handle(&self) -> &Handle {
        match self {
            Self::Own(runtime) => runtime.handle(),
            Self::Lent(handle) => handle,
        }
    }

    pub(crate) fn end(self) {
        if let Self::Own(runtime) = self {
            // Waiting is not allowed where this may be dropped.
            runtime.shutdown_background();
        }
    }
}

fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("annals-postgres")
        .enable_all()
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Unavailable, "no threads for connections to PostgreSQL")
                .caused_by(error)
        })
}

/// Opens a store.
pub(crate) async fn open(target: &Target, options: Options) -> Result<Inner> {
    let threads = Threads::of(&options)?;
    let handle = threads.handle().clone();
    let begun = begin(target.clone(), options, handle.clone());
    let opened = handle.spawn(begun).await;
    let (shared, queue, committer) = opened
        .map_err(|error| Error::new(ErrorKind::Internal, "opening panicked").caused_by(error))??;
    Ok(Inner::new(shared, queue, committer, threads))
}

type Begun =
    (Arc<Shared>, async_channel::Sender<Box<crate::write::job::Job>>, tokio::task::JoinHandle<()>);

/// What the target and the options ask for together.
fn understood(target: &Target, options: Options) -> Result<(Connector, Options)> {
    let options = target.options(options);
    check_schema(&options.schema)?;
    let connector = Connector {
        routes: Routes::to(target)?,
        tls: target.tls.connector()?,
        setup: options.setup(),
        schema: quoted(&options.schema),
        patience: options.patience,
        limit: Limit { statement: options.statement_timeout, grace: options.answer_grace },
    };
    Ok((connector, options))
}

async fn begin(target: Target, options: Options, runtime: Handle) -> Result<Begun> {
    let (connector, options) = understood(&target, options)?;
    let schema = quoted(&options.schema);
    let (store_id, head) = prepare(&connector, &options).await?;
    let pool = pool::builder(connector.clone(), options.pool_size, options.pool_timeout);
    let pool = pool.build().map_err(no_pool)?;
    let replicas = replicas(&target, &connector, &options, &store_id)?;
    let shared = Arc::new(Shared {
        runtime: runtime.clone(),
        connector,
        pool,
        replicas,
        sql: Sql::new(&schema),
        channel: format!("{CHANNEL}{store_id}"),
        inlines: RwLock::default(),
        clock: options.clock,
        head: AtomicI64::new(head),
        changed: Event::new(),
        is_closed: AtomicBool::new(false),
        row_bytes: RowBytes::default(),
        work: Work::default(),
        calls: Arc::default(),
        seen: Mutex::default(),
    });
    let link = Link::open_patiently(&shared).await?;
    runtime.spawn(watch(Arc::clone(&shared), options.poll_every));
    let (queue, jobs) = async_channel::bounded(QUEUE);
    let committer = runtime.spawn(Committer::new(Arc::clone(&shared), jobs, link).run());
    Ok((shared, queue, committer))
}

fn replicas(
    target: &Target,
    connector: &Connector,
    options: &Options,
    store_id: &str,
) -> Result<Option<Replicas>> {
    let Some(read_from) = &target.read_from else { return Ok(None) };
    let connector =
        Connector { routes: Routes::to_replicas(target, read_from)?, ..connector.clone() };
    let (size, timeout) = (options.pool_size, options.pool_timeout);
    Replicas::new(connector, read_from.staleness, size, timeout, store_id.to_owned()).map(Some)
}

/// Brings the schema up to date, or refuses one that is not; gives the store's id and head.
async fn prepare(connector: &Connector, options: &Options) -> Result<(String, i64)> {
    let mut session = session(connector).await?;
    let missing = pending_on(&session, options).await?;
    if !missing.is_empty() {
        check_may_migrate(&missing, options)?;
        migrate::migrate(session.client_mut(), options).await?;
    }
    let sql = Sql::new(&quoted(&options.schema));
    let row = session
        .query_opt(&sql.head, &[])
        .await
        .map_err(|error| failed("looking for the store", error))?
        .ok_or_else(no_store)?;
    Ok((row.get(1), row.get(0)))
}

fn check_may_migrate(missing: &[&Migration], options: &Options) -> Result<()> {
    let (schema, count) = (&options.schema, missing.len());
    let is_new = count == MIGRATIONS.len();
    match (options.create, options.migrate) {
        (Create::Never, _) if is_new => Err(Error::invalid(format!(
            "there is no store in schema `{schema}` of the database; name another schema, or make \
             one with `annals migrate`"
        ))),
        (_, Migrate::OnOpen) => Ok(()),
        (_, Migrate::Never) => Err(Error::new(
            ErrorKind::Unavailable,
            format!("schema `{schema}` lacks {count} migrations; run `annals migrate`"),
        )),
    }
}

/// Text must come back as it was written.
async fn check_encoding(session: &Session) -> Result<()> {
    let encoding: String = session
        .query_one("SELECT current_setting('server_encoding')", &[])
        .await
        .map_err(|error| failed("looking at the database", error))?
        .get(0);
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("the database is encoded in {encoding}; create one with `ENCODING 'UTF8'`"),
    ))
}

/// A connection for work on the schema.
async fn session(connector: &Connector) -> Result<Session> {
    let connected = connector.connect().await;
    let session = connected.map_err(|error| error.while_doing("connecting"))?;
    check_encoding(&session).await?;
    Ok(session)
}

async fn pending_on(session: &Session, options: &Options) -> Result<Vec<&'static Migration>> {
    let _expected = session.expect(3);
    migrate::pending(session.client(), options).await
}

/// Applies what the schema lacks.
pub(crate) async fn migrate(target: Target, options: Options) -> Result<Vec<&'static Migration>> {
    alone(async move {
        let (connector, options) = understood(&target, options)?;
        let mut session = session(&connector).await?;
        migrate::migrate(session.client_mut(), &options).await
    })
    .await
}

/// What the schema lacks.
pub(crate) async fn pending(target: Target, options: Options) -> Result<Vec<&'static Migration>> {
    alone(async move {
        let (connector, options) = understood(&target, options)?;
        pending_on(&session(&connector).await?, &options).await
    })
    .await
}

/// Does work on threads that end with it.
async fn alone<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let runtime = runtime()?;
    let done = runtime.spawn(work).await;
    // Waiting is not allowed where this may be called from.
    runtime.shutdown_background();
    done.map_err(|error| Error::new(ErrorKind::Internal, "migrating panicked").caused_by(error))?
}
