//! Opening a store.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64},
};

use annals_core::{Error, ErrorKind, Result};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime as PoolRuntime};
use event_listener::Event;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres::{Client, Config};

use crate::{
    Migrate, Options,
    backend::Inner,
    connect::Connector,
    failure::failed,
    migrate::{migrate, pending},
    read::rows::RowBytes,
    shared::{Shared, no_store},
    sql::{self, Sql, quoted},
    watch::watch,
    write::committer::Committer,
};

/// Threads that drive connections.
const THREADS: usize = 2;
/// Most requests between callers and the committer.
const QUEUE: usize = 1_024;

/// Threads of our own, so that callers need no runtime.
pub(crate) fn runtime() -> Result<Runtime> {
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

/// Opens a store on a runtime.
pub(crate) async fn open(config: Config, options: Options, runtime: Runtime) -> Result<Inner> {
    let handle = runtime.handle().clone();
    let opened = handle.clone().spawn(begin(config, options, handle)).await;
    let (shared, queue, committer) = opened
        .map_err(|error| Error::new(ErrorKind::Internal, "opening panicked").caused_by(error))??;
    Ok(Inner::new(shared, queue, committer, runtime))
}

type Begun =
    (Arc<Shared>, async_channel::Sender<Box<crate::write::job::Job>>, tokio::task::JoinHandle<()>);

async fn begin(config: Config, options: Options, runtime: Handle) -> Result<Begun> {
    let schema = quoted(&options.schema);
    let connector = Connector {
        config,
        setup: options.setup(),
        append: sql::append(&schema),
        patience: options.patience,
    };
    let (store_id, head) = prepare(&connector, &options).await?;
    let manager = Manager::from_connect(
        connector.config.clone(),
        connector.clone(),
        ManagerConfig { recycling_method: RecyclingMethod::Fast },
    );
    let pool = Pool::builder(manager)
        .max_size(options.pool_size)
        .wait_timeout(Some(options.pool_timeout))
        .runtime(PoolRuntime::Tokio1)
        .build()
        .map_err(|error| Error::invalid(format!("no pool of connections: {error}")))?;
    let link = connector.link_patiently().await?;
    let shared = Arc::new(Shared {
        runtime: runtime.clone(),
        connector,
        pool,
        sql: Sql::new(&schema),
        channel: format!("annals_{store_id}"),
        clock: options.clock,
        head: AtomicI64::new(head),
        changed: Event::new(),
        is_closed: AtomicBool::new(false),
        row_bytes: RowBytes::default(),
    });
    runtime.spawn(watch(Arc::clone(&shared), options.poll_every));
    let (queue, jobs) = async_channel::bounded(QUEUE);
    let committer = runtime.spawn(Committer::new(Arc::clone(&shared), jobs, link).run());
    Ok((shared, queue, committer))
}

/// Brings the schema up to date, or refuses one that is not; gives the store's id and head.
async fn prepare(connector: &Connector, options: &Options) -> Result<(String, i64)> {
    let (mut client, _driver) =
        connector.connect().await.map_err(|error| failed("connecting", error))?;
    check_encoding(&client).await?;
    let missing = pending(&client, &options.schema).await?;
    match (options.migrate, missing.is_empty()) {
        (_, true) => {}
        (Migrate::OnOpen, false) => {
            migrate(&mut client, &options.schema).await?;
        }
        (Migrate::Never, false) => {
            return Err(Error::new(
                ErrorKind::Unavailable,
                format!(
                    "schema `{}` lacks {} migrations; run `annals migrate`",
                    options.schema,
                    missing.len()
                ),
            ));
        }
    }
    let sql = Sql::new(&quoted(&options.schema));
    let row = client
        .query_opt(&sql.head, &[])
        .await
        .map_err(|error| failed("looking for the store", error))?
        .ok_or_else(no_store)?;
    Ok((row.get(1), row.get(0)))
}

/// Text must come back as it was written.
async fn check_encoding(client: &Client) -> Result<()> {
    let encoding: String = client
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
