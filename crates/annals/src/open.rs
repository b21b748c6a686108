//! Opening a store by its URL. The only place, with the command line, that chooses a backend.

use std::{path::PathBuf, sync::Arc};

use annals_core::{Backend, MemoryBackend, Result};

use crate::StoreUrl;

/// Opens a store, and makes a new one where a URL names an empty or missing folder or a schema
/// without a store.
///
/// # Errors
/// `InvalidArgument` for a malformed URL, `Unsupported` for a backend that is not in this build and
/// for a store that a newer program has changed, and what opening met: `Unavailable` when another
/// process holds the store or its server cannot be reached, `Unauthenticated`, `PermissionDenied`,
/// `Corrupted`.
pub async fn open(url: &str) -> Result<Arc<dyn Backend>> {
    url.parse::<StoreUrl>()?.open().await
}

/// Opens a store that must be there already. A memory store is always new.
///
/// # Errors
/// Those of [`open`], and `InvalidArgument` when the folder or schema holds no store.
pub async fn open_existing(url: &str) -> Result<Arc<dyn Backend>> {
    url.parse::<StoreUrl>()?.open_existing().await
}

impl StoreUrl {
    /// Opens the store, like [`open`].
    ///
    /// # Errors
    /// Those of [`open`].
    pub async fn open(&self) -> Result<Arc<dyn Backend>> {
        open_url(self, Missing::Begin).await
    }

    /// Opens the store that must be there already, like [`open_existing`].
    ///
    /// # Errors
    /// Those of [`open_existing`].
    pub async fn open_existing(&self) -> Result<Arc<dyn Backend>> {
        open_url(self, Missing::Refuse).await
    }
}

/// What to do where there is no store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Begin,
    Refuse,
}

async fn open_url(url: &StoreUrl, missing: Missing) -> Result<Arc<dyn Backend>> {
    match url {
        StoreUrl::Memory => Ok(Arc::new(MemoryBackend::new())),
        StoreUrl::File(dir) => open_dir(dir.clone(), missing).await,
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres(target) => open_target(target, missing).await,
        #[cfg(feature = "remote")]
        StoreUrl::Remote(target) => open_server(target).await,
        #[cfg(feature = "kurrentdb")]
        StoreUrl::KurrentDb(target) => open_kurrentdb(target).await,
        #[cfg(feature = "cluster")]
        StoreUrl::Cluster(target) => open_cluster(target).await,
    }
}

/// The store of a server is always there.
#[cfg(feature = "remote")]
async fn open_server(target: &annals_remote::Target) -> Result<Arc<dyn Backend>> {
    use annals_remote::{Options, Remote};

    Ok(Arc::new(Remote::open_target(target, Options::default()).await?))
}

/// As above.
#[cfg(feature = "kurrentdb")]
async fn open_kurrentdb(target: &annals_kurrentdb::Target) -> Result<Arc<dyn Backend>> {
    use annals_kurrentdb::{KurrentDb, Options};

    Ok(Arc::new(KurrentDb::open_target(target, Options::default()).await?))
}

/// The log is begun by itself, and the node's folder whenever there is a new node.
#[cfg(feature = "cluster")]
async fn open_cluster(target: &annals_cluster::url::Target) -> Result<Arc<dyn Backend>> {
    use annals_cluster::{Cluster, Options};

    Ok(Arc::new(Cluster::open_target(target, Options::default()).await?))
}

#[cfg(feature = "postgres")]
async fn open_target(
    target: &annals_postgres::Target,
    missing: Missing,
) -> Result<Arc<dyn Backend>> {
    use annals_postgres::{Create, Options, Postgres};

    let create = match missing {
        Missing::Begin => Create::IfMissing,
        Missing::Refuse => Create::Never,
    };
    let options = Options { create, ..Options::default() };
    Ok(Arc::new(Postgres::open_target(target, options).await?))
}

#[cfg(feature = "embedded")]
async fn open_dir(dir: PathBuf, missing: Missing) -> Result<Arc<dyn Backend>> {
    use annals_engine::{Create, Embedded, Options};

    let create = match missing {
        Missing::Begin => Create::IfMissing,
        Missing::Refuse => Create::Never,
    };
    let options = Options { create, ..Options::default() };
    let store = blocking::unblock(move || Embedded::open(dir, options)).await?;
    Ok(Arc::new(store))
}

#[cfg(not(feature = "embedded"))]
async fn open_dir(dir: PathBuf, _missing: Missing) -> Result<Arc<dyn Backend>> {
    Err(annals_core::Error::new(
        annals_core::ErrorKind::Unsupported,
        format!("`file:{}`: this build is without the embedded engine", dir.display()),
    ))
}
