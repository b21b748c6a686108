//! Two servers over one store in PostgreSQL: one drives the groups, and when it stops the other
//! goes on where it was.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "the tests in memory need more of it")]
#[path = "../it/running.rs"]
mod running;
#[allow(dead_code, reason = "the tests in memory need more of it")]
#[path = "../it/persistent/trial.rs"]
mod trial;

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use annals_core::{Append, Backend, ExpectedVersion, MemoryBackend};
use annals_postgres::Postgres;
use annals_server::Options;
use annals_testbed::postgres::{self as testbed, Durability, shared_url};
use libtest_mimic::{Arguments, Completion, Trial};
use tokio::runtime::Runtime;
use tonic::Code;

use self::{
    running::{Running, event, name},
    trial::{Client, of_stream, settings},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    // A server of our own where the run of the tests brings none; it ends with this.
    let mut own = None;
    let url = shared_url().map_or_else(
        || {
            let options =
                testbed::Options { durability: Durability::Fast, ..testbed::Options::default() };
            let server =
                testbed::Postgres::start(options).map_err(|problem| problem.to_string())?;
            Ok::<_, String>(own.insert(server).url())
        },
        Ok,
    );
    let trial =
        Trial::ignorable_test("two_servers_share_the_groups_of_a_store", move || match url {
            Ok(url) => {
                Runtime::new()?.block_on(two_servers_share_the_groups_of_a_store(&url));
                Ok(Completion::Completed)
            }
            Err(reason) if annals_testbed::is_required("postgres") => Err(reason.into()),
            Err(reason) => Ok(Completion::ignored_with(reason)),
        });
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

/// A server with connections of its own to a schema, and these.
async fn server(url: &str, schema: &str) -> (Running, Arc<dyn Backend>) {
    let options = annals_postgres::Options {
        schema: schema.to_owned(),
        ..annals_postgres::Options::default()
    };
    let store: Arc<dyn Backend> = Arc::new(Postgres::open(url, options).await.unwrap());
    let unused = Arc::new(MemoryBackend::new());
    (Running::through(unused, Arc::clone(&store), Options::default()).await, store)
}

async fn two_servers_share_the_groups_of_a_store(url: &str) {
    let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
    let (first, store) = server(url, &schema).await;
    let events = ["a", "b", "c", "d"].map(|name| event(name, ""));
    store.append(Append::to(name("s"), ExpectedVersion::NoStream, events)).await.unwrap();
    let mut client = Client::of(&first).await;
    client.create(of_stream("s", settings())).await.unwrap();
    let (second, _) = server(url, &schema).await;
    let mut other = Client::of(&second).await;
    let sent = other.info("s").await.unwrap_err();
    assert_eq!((sent.code(), sent.message()), (Code::NotFound, "Leader info available"));
    let port = sent.metadata().get("leader-endpoint-port").unwrap().to_str().unwrap();
    assert_eq!(port, first.address().port().to_string());

    let mut consumer = client.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(2).await, ["a", "b"]);
    client.until("s", |info| info.total_in_flight_messages == 2).await;
    first.stop().await;
    let deadline = Instant::now() + PATIENCE;
    while let Err(status) = other.info("s").await {
        assert!(Instant::now() < deadline, "it is not taken over: {status:?}");
        tokio::task::yield_now().await;
    }
    let mut consumer = other.read("s", 9).await.unwrap();
    assert_eq!(consumer.acked(2).await, ["c", "d"]);
    second.stop().await;
}
