//! Where the stories happen.

use std::{env, sync::Arc};

use annals::{Backend, Clock, EventId, MemoryBackend, Result, postgres};

/// A new store: in memory, or in a schema of its own of the PostgreSQL that `ANNALS_TEST_STORE`
/// names.
pub(crate) async fn store(clock: Arc<dyn Clock>) -> Result<Arc<dyn Backend>> {
    let Ok(url) = env::var("ANNALS_TEST_STORE") else {
        return Ok(Arc::new(MemoryBackend::with_clock(clock)));
    };
    let schema = format!("story_{}", EventId::random()).replace('-', "");
    let options = postgres::Options { schema, clock: Some(clock), ..postgres::Options::default() };
    Ok(Arc::new(postgres::Postgres::open(&url, options).await?))
}
