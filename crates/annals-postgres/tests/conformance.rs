//! The conformance suite on PostgreSQL, each store in a schema of its own: once with the events in
//! one table, once in partitions.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{num::NonZeroU32, process::ExitCode, sync::Arc};

use annals_core::{Backend, Clock, Error, Result};
use annals_postgres::{Options, Partitions, Postgres};
use annals_testbed::postgres::{self as testbed, Durability, shared_url};
use annals_testkit::{Harness, Place, run};
use futures_lite::future::block_on;

/// A database that tests may create schemas in, or why there is none.
#[derive(Debug)]
struct Server {
    name: &'static str,
    url: Result<String, String>,
    partitions: Option<Partitions>,
}

#[derive(Debug)]
struct Schema {
    url: String,
    name: String,
    clock: Arc<dyn Clock>,
    partitions: Option<Partitions>,
}

impl Harness for Server {
    fn name(&self) -> &'static str {
        self.name
    }

    fn missing(&self) -> Option<String> {
        self.url.clone().err()
    }

    fn weight(&self) -> NonZeroU32 {
        NonZeroU32::MIN.saturating_add(3)
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        let url = self.url.clone().map_err(Error::invalid)?;
        Ok(Box::new(Schema { url, name, clock, partitions: self.partitions }))
    }
}

impl Place for Schema {
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let options = Options {
            schema: self.name.clone(),
            clock: Some(Arc::clone(&self.clock)),
            partitions: self.partitions,
            ..Options::default()
        };
        Ok(Arc::new(block_on(Postgres::open(&self.url, options))?))
    }
}

fn main() -> ExitCode {
    // A server of our own where the run of the tests brings none; it ends with this.
    let mut own = None;
    let url = shared_url().map_or_else(
        || {
            let options = testbed::Options {
                durability: Durability::Fast,
                settings: vec![("max_connections".into(), "300".into())],
                ..testbed::Options::default()
            };
            let server =
                testbed::Postgres::start(options).map_err(|problem| problem.to_string())?;
            Ok(own.insert(server).url())
        },
        Ok,
    );
    let server = |name, partitions| Server { name, url: url.clone(), partitions };
    run(vec![
        Box::new(server("postgres", None)),
        Box::new(server("postgres-in-partitions", Some(Partitions::new(4).unwrap()))),
    ])
}
