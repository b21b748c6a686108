//! The server that the cases share, and a store in a schema of its own for each of them.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

use annals_core::Backend;
use annals_postgres::{Options, Postgres};
use annals_testbed::postgres::{self as testbed, Durability};
use futures_lite::future::block_on;

/// Far more than any case takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(240);

/// What the cases share; the server is started by the first that needs it.
#[derive(Debug, Default)]
pub(crate) struct Bed(OnceLock<testbed::Postgres>);

impl Bed {
    /// The shared server: no case may kill it.
    pub(crate) fn server(&self) -> &testbed::Postgres {
        self.0.get_or_init(|| {
            let settings = vec![("max_connections".to_owned(), "200".to_owned())];
            fast(settings)
        })
    }

    /// An empty store on it.
    pub(crate) fn store(&self, options: Options) -> Place {
        place(&self.server().url(), options)
    }
}

/// A server that keeps nothing when it is killed.
pub(crate) fn fast(settings: Vec<(String, String)>) -> testbed::Postgres {
    let options = testbed::Options { durability: Durability::Fast, settings, ..Default::default() };
    testbed::Postgres::start(options).unwrap()
}

/// A store and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) options: Options,
    pub(crate) store: Arc<Postgres>,
}

/// Opens a store in a new schema.
pub(crate) fn place(url: &str, options: Options) -> Place {
    let schema = format!("test_{}", uuid::Uuid::now_v7().simple());
    let options = Options { schema, ..options };
    let store = Arc::new(open(url, options.clone()));
    Place { url: url.to_owned(), options, store }
}

pub(crate) fn open(url: &str, options: Options) -> Postgres {
    block_on(Postgres::open(url, options)).unwrap()
}

impl Place {
    pub(crate) fn schema(&self) -> &str {
        &self.options.schema
    }

    /// The same store, as another program opens it.
    pub(crate) fn open_again(&self, options: Options) -> Postgres {
        open(&self.url, Options { schema: self.options.schema.clone(), ..options })
    }
}

impl std::ops::Deref for Place {
    type Target = dyn Backend;

    fn deref(&self) -> &(dyn Backend + 'static) {
        self.store.as_ref()
    }
}

/// Runs a case on a thread of its own, so that one that hangs fails.
pub(crate) fn within_deadline<T: Send + 'static>(
    name: &str,
    case: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (answer, answered) = mpsc::channel();
    let run = move || drop(answer.send(catch_unwind(AssertUnwindSafe(case))));
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| format!("no thread for the case: {error}"))?;
    match answered.recv_timeout(DEADLINE) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(panic)) => Err(message(panic.as_ref())),
        Err(_) => Err(format!("not finished after {} s; it hangs", DEADLINE.as_secs())),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}
