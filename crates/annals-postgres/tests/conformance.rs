//! The conformance suite on PostgreSQL, each store in a schema of its own.

use std::{process::ExitCode, sync::Arc};

use annals_core::{Backend, Clock, Result};
use annals_postgres::{Options, Postgres};
use annals_testkit::{Harness, Place, run};
use futures_lite::future::block_on;

/// A database that tests may create schemas in.
#[derive(Debug)]
struct Server(Option<String>);

#[derive(Debug)]
struct Schema {
    url: String,
    name: String,
    clock: Arc<dyn Clock>,
}

impl Harness for Server {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn missing(&self) -> Option<String> {
        self.0.is_none().then(|| "ANNALS_TEST_POSTGRES names no database".to_owned())
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        Ok(Box::new(Schema { url: self.0.clone().unwrap_or_default(), name, clock }))
    }
}

impl Place for Schema {
    fn open(&self) -> Result<Arc<dyn Backend>> {
        let options = Options {
            schema: self.name.clone(),
            clock: Some(Arc::clone(&self.clock)),
            ..Options::default()
        };
        Ok(Arc::new(block_on(Postgres::open(&self.url, options))?))
    }
}

fn main() -> ExitCode {
    run(vec![Box::new(Server(std::env::var("ANNALS_TEST_POSTGRES").ok()))])
}
