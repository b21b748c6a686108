//! The conformance suite on PostgreSQL, each store in a schema of its own: once with the events in
//! one table, once in partitions.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{any::Any, num::NonZeroU32, process::ExitCode, sync::Arc};

use annals_core::{Backend, BoxFuture, Clock, Error, ErrorKind, Result};
use annals_postgres::{Access, Options, Partitions, Postgres, Transaction};
use annals_testbed::postgres::{self as testbed, Durability, shared_url};
use annals_testkit::{Harness, Notebook, Place, run};
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

/// A table in the schema of the store.
#[derive(Debug)]
struct Table(Postgres);

impl Schema {
    fn open_store(&self) -> Result<Postgres> {
        let options = Options {
            schema: self.name.clone(),
            clock: Some(Arc::clone(&self.clock)),
            partitions: self.partitions,
            ..Options::default()
        };
        block_on(Postgres::open(&self.url, options))
    }
}

impl Place for Schema {
    fn open(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(self.open_store()?))
    }

    fn notebook(&self) -> Result<Option<Arc<dyn Notebook>>> {
        let store = self.open_store()?;
        block_on(async {
            let mut tx = store.begin(Access::Write).await?;
            let table = "number bigint GENERATED ALWAYS AS IDENTITY, line text NOT NULL";
            tx.batch(&format!("CREATE TABLE IF NOT EXISTS notebook ({table})")).await?;
            tx.commit().await
        })?;
        Ok(Some(Arc::new(Table(store))))
    }
}

impl Notebook for Table {
    fn write<'a>(
        &'a self,
        transaction: &'a mut (dyn Any + Send),
        line: String,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let tx = transaction.downcast_mut::<Transaction>().ok_or_else(|| {
                Error::new(ErrorKind::Internal, "inline work was given something else")
            })?;
            tx.execute("INSERT INTO notebook (line) VALUES ($1)", &[&line]).await.map(drop)
        })
    }

    fn lines(&self) -> Result<Vec<String>> {
        let rows = block_on(async {
            let mut tx = self.0.begin(Access::Read).await?;
            tx.query("SELECT line FROM notebook ORDER BY number", &[]).await
        })?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
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
