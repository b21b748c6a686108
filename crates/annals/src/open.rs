//! Opening a store by its URL. The only place, with the command line, that chooses a backend.

use std::{path::PathBuf, sync::Arc};

use annals_core::{Backend, Error, ErrorKind, MemoryBackend, Result};

use crate::StoreUrl;

/// Opens a store, and makes a new one where a URL names an empty or missing folder.
///
/// # Errors
/// `InvalidArgument` for a malformed URL, `Unsupported` for a backend that is not in this build,
/// and what opening met: `Unavailable` when another process holds the store, `PermissionDenied`,
/// `Corrupted`.
pub async fn open(url: &str) -> Result<Arc<dyn Backend>> {
    match url.parse::<StoreUrl>()? {
        StoreUrl::Memory => Ok(Arc::new(MemoryBackend::new())),
        StoreUrl::File(dir) => open_dir(dir).await,
    }
}

async fn open_dir(dir: PathBuf) -> Result<Arc<dyn Backend>> {
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("`file:{}`: this build is without the embedded engine", dir.display()),
    ))
}
