//! A session of a stranger: plain SQL over a connection that has nothing to do with the store's.

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

pub(crate) struct Session {
    runtime: Runtime,
    client: Client,
    pub(crate) pid: i32,
}

impl Session {
    pub(crate) fn open(url: &str, application: &str) -> Self {
        Self::try_open(url, application).unwrap()
    }

    pub(crate) fn try_open(url: &str, application: &str) -> Result<Self, tokio_postgres::Error> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut config: Config = url.parse()?;
        config.application_name(application);
        let client = runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok::<_, tokio_postgres::Error>(client)
        })?;
        let pid = runtime.block_on(client.query_one("SELECT pg_backend_pid()", &[]))?.get(0);
        Ok(Self { runtime, client, pid })
    }

    /// Runs statements; those that fail panic.
    #[track_caller]
    pub(crate) fn run(&self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("`{sql}` fails: {error:?}"));
    }

    pub(crate) fn try_run(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.runtime.block_on(self.client.batch_execute(sql))
    }

    /// The only value that a statement gives, as text.
    #[track_caller]
    pub(crate) fn ask(&self, sql: &str) -> String {
        let rows = self.runtime.block_on(self.client.simple_query(sql));
        let rows = rows.unwrap_or_else(|error| panic!("`{sql}` fails: {error:?}"));
        let row = rows.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        row.unwrap().get(0).unwrap_or_default().to_owned()
    }

    /// The code of the error with which a statement fails.
    #[track_caller]
    pub(crate) fn refused(&self, sql: &str) -> String {
        let error = self.try_run(sql).unwrap_err();
        error.code().unwrap().code().to_owned()
    }
}
