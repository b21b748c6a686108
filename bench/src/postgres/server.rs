//! The server, and a database for everybody on it.

use std::{path::Path, sync::Arc};

use annals_core::Backend;
use annals_testbed::postgres::{Options, Postgres};
use tokio::runtime::{Handle, Runtime};
use tokio_postgres::{Client, NoTls};

use crate::{args::PostgresArgs, problem::Result};

/// What must be on, so that an acknowledged append survives a crash.
const DURABLE: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

/// Opens our store in a database, on the runtime of the benchmark like everybody here.
pub(super) async fn open_ours(url: &str) -> Result<Arc<dyn Backend>> {
    let options =
        annals_postgres::Options { runtime: Some(Handle::current()), ..Default::default() };
    Ok(Arc::new(annals_postgres::Postgres::open(url, options).await?))
}

/// A server, and the databases that were made on it. They are removed when it is dropped.
pub(super) struct Server {
    runtime: Arc<Runtime>,
    url: String,
    databases: Vec<String>,
    /// What it is, in a few words.
    pub(super) about: String,
    /// The one that was started here; it is stopped when dropped.
    started: Option<Postgres>,
}

impl Server {
    /// The server of the arguments, or else one of its own, durable as PostgreSQL's defaults are.
    ///
    /// # Errors
    /// None can be started, the named one cannot be reached, or it is not durable.
    pub(super) fn find(runtime: Arc<Runtime>, args: &PostgresArgs) -> Result<Self> {
        let (url, started) = match &args.url {
            Some(url) => (url.clone(), None),
            None => {
                let started = Postgres::start(Options::default())?;
                (started.url(), Some(started))
            }
        };
        let about = runtime.block_on(about(&url))?;
        Ok(Self { runtime, url, databases: Vec::new(), about, started })
    }

    /// Where the data is, when that is known.
    pub(super) fn data(&self) -> Option<&Path> {
        self.started.as_ref().map(Postgres::data)
    }

    /// Makes a database and gives its URL.
    pub(super) async fn database(&mut self, name: &str) -> Result<String> {
        let name = format!("annals_bench_{}_{name}", std::process::id());
        let client = connect(&self.url).await?;
        client.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        let url = with_database(&self.url, &name);
        self.databases.push(name);
        Ok(url)
    }

    /// Lets every database look as it does once the server has had time for it.
    pub(super) async fn settle(&self) -> Result<()> {
        for name in &self.databases {
            let client = connect(&with_database(&self.url, name)).await?;
            client.batch_execute("VACUUM (ANALYZE)").await?;
        }
        connect(&self.url).await?.batch_execute("CHECKPOINT").await?;
        Ok(())
    }

    async fn clean(&self) -> Result<()> {
        let client = connect(&self.url).await?;
        for name in &self.databases {
            client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.runtime.block_on(self.clean()) {
            eprintln!("warning: databases of the benchmark are left on the server: {error}");
        }
    }
}

/// What the server is; an error when it is not durable.
async fn about(url: &str) -> Result<String> {
    let client = connect(url).await?;
    for setting in DURABLE {
        let value = show(&client, setting).await?;
        if value != "on" {
            return Err(format!("`{setting}` of the server is {value}; turn it on").into());
        }
    }
    let version = show(&client, "server_version").await?;
    let version = version.split(' ').next().unwrap_or_default();
    Ok(format!("PostgreSQL {version} with {} on", DURABLE.join(", ")))
}

/// Connects; the connection is driven by a task until the client is dropped.
pub(super) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn show(client: &Client, setting: &str) -> Result<String> {
    Ok(client.query_one(&format!("SHOW {setting}"), &[]).await?.try_get(0)?)
}

/// The same URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (place, options) = url.split_once('?').map_or((url, None), |(a, b)| (a, Some(b)));
    let after_scheme = place.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = place.split_at(after_scheme);
    let authority = rest.split('/').next().unwrap_or_default();
    let options = options.map_or_else(String::new, |options| format!("?{options}"));
    format!("{scheme}{authority}/{name}{options}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_a_url_is_replaced() {
        let cases = [
            ("postgres://a@h:5/b", "postgres://a@h:5/x"),
            ("postgres://a@h:5", "postgres://a@h:5/x"),
            ("postgres://h/b?c=d", "postgres://h/x?c=d"),
        ];
        for (url, expected) in cases {
            assert_eq!(with_database(url, "x"), expected);
        }
    }
}
