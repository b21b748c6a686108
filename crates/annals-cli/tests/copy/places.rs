//! Where copies come from and go to.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use annals::{Backend, MemoryBackend, StoreUrl};
use annals_testbed::postgres::{self as testbed, Durability, shared_url};
use futures_lite::future::block_on;

/// A database that tests may create schemas in, started when the first test asks for it.
pub(crate) struct Server {
    started: OnceLock<Result<(String, Option<testbed::Postgres>), String>>,
}

impl Server {
    pub(crate) const fn new() -> Self {
        Self { started: OnceLock::new() }
    }

    /// Its URL, or why there is none.
    pub(crate) fn url(&self) -> Result<String, String> {
        let started = self.started.get_or_init(|| {
            if let Some(url) = shared_url() {
                return Ok((url, None));
            }
            let options =
                testbed::Options { durability: Durability::Fast, ..testbed::Options::default() };
            let own = testbed::Postgres::start(options).map_err(|problem| problem.to_string())?;
            Ok((own.url(), Some(own)))
        });
        started.as_ref().map(|(url, _)| url.clone()).map_err(Clone::clone)
    }

    /// The URL of a store in a schema of its own.
    pub(crate) fn place(&self) -> String {
        let schema = uuid::Uuid::now_v7().simple();
        format!("{}?schema=copy_{schema}", self.url().unwrap())
    }

    /// A store in a schema of its own.
    pub(crate) fn store(&self) -> Arc<dyn Backend> {
        open(&self.place())
    }
}

pub(crate) fn memory() -> Arc<dyn Backend> {
    Arc::new(MemoryBackend::new())
}

pub(crate) fn open(url: &str) -> Arc<dyn Backend> {
    block_on(annals::open(url)).unwrap()
}

pub(crate) fn folder(dir: &Path) -> Arc<dyn Backend> {
    block_on(StoreUrl::File(dir.to_owned()).open()).unwrap()
}
