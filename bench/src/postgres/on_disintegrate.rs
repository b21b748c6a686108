//! disintegrate-postgres, by the methods of its event store.
//!
//! Stream and tags are its domain identifiers: fields of the event, and an indexed column each.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use annals_core::{Append, BoxFuture, StreamName, Tag};
use disintegrate::{
    EventListener, EventStore, PersistedEvent, StreamItem, StreamQuery, query, serde::json::Json,
};
use disintegrate_postgres::{
    Error, PgEventId, PgEventListener, PgEventListenerConfig, PgEventStore,
};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::Notify;
use tokio_postgres::Client;

use super::{
    events::{Event, events_of},
    server::connect,
};
use crate::{
    contest::store::{Store, Work},
    problem::Result,
};

/// Statements a connection keeps prepared. Every question is a statement of its own, because what is
/// asked for stands in its text.
const STATEMENTS: usize = 1_000;

/// The listener's table alone, without the trigger that tells of new events: following from the
/// beginning does not need it, and every append would pay for it.
const LISTENERS: &str = "CREATE TABLE event_listener (
    id text PRIMARY KEY, last_processed_event_id bigint, updated_at timestamp DEFAULT now()
)";

/// What its own set-up does not come to on PostgreSQL 15, which cannot read a hexadecimal number in
/// one of its functions: that function with the number in another form, and a column with an
/// index for each identifier.
const REST_BEFORE_16: &str = "
CREATE FUNCTION event_store_begin_epoch() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    reached bigint := (SELECT last_value FROM seq_event_event_id);
    here int := (SELECT oid FROM pg_database WHERE datname = current_database());
BEGIN
    PERFORM pg_try_advisory_xact_lock_shared(here, 0),
        pg_try_advisory_xact_lock_shared(1, reached::bit(32)::int),
        pg_try_advisory_xact_lock_shared(2, (reached >> 32)::int);
END $$;
ALTER TABLE event ADD COLUMN account_id text, ADD COLUMN order_id text, ADD COLUMN customer_id text;
CREATE INDEX ON event (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX ON event (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX ON event (customer_id) WHERE customer_id IS NOT NULL;
";

/// What happens to accounts.
#[derive(Debug, Clone, disintegrate::Event, Serialize, Deserialize)]
enum Happened {
    Opened {
        #[id]
        account_id: String,
        #[id]
        order_id: String,
        #[id]
        customer_id: String,
        note: String,
    },
    Deposited {
        #[id]
        account_id: String,
        #[id]
        order_id: String,
        #[id]
        customer_id: String,
        note: String,
    },
    Withdrawn {
        #[id]
        account_id: String,
        #[id]
        order_id: String,
        #[id]
        customer_id: String,
        note: String,
    },
    Closed {
        #[id]
        account_id: String,
        #[id]
        order_id: String,
        #[id]
        customer_id: String,
        note: String,
    },
}

/// The data of an event as the workload makes it.
#[derive(Deserialize)]
struct Data {
    note: String,
}

impl Happened {
    fn of(event: &Event) -> Result<Self> {
        let Data { note } = serde_json::from_slice(&event.event.data)?;
        let account_id = event.stream.clone();
        let (order_id, customer_id) = (event.tag("order")?, event.tag("customer")?);
        Ok(match event.event.event_type.as_str() {
            "opened" => Self::Opened { account_id, order_id, customer_id, note },
            "deposited" => Self::Deposited { account_id, order_id, customer_id, note },
            "withdrawn" => Self::Withdrawn { account_id, order_id, customer_id, note },
            _ => Self::Closed { account_id, order_id, customer_id, note },
        })
    }
}

type Events = PgEventStore<Happened, Json<Happened>>;
type Asked = StreamQuery<PgEventId, Happened>;

pub(super) struct OnDisintegrate {
    pool: PgPool,
    store: Events,
    /// The last event of each account: what an append is checked against.
    accounts: Mutex<HashMap<String, PgEventId>>,
    /// The last event that was stored here.
    last: AtomicI64,
    /// Appends that the server refused for another writer's sake, and that were done again.
    repeated: AtomicU64,
}

impl OnDisintegrate {
    pub(super) async fn create(url: &str, connections: u32) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(connections)
            .connect_with(options.statement_cache_capacity(STATEMENTS))
            .await?;
        let client = connect(url).await?;
        let store = match Events::try_new(pool.clone(), Json::default()).await {
            Ok(store) => store,
            Err(_) if version(&client).await? < 160_000 => {
                client.batch_execute(REST_BEFORE_16).await?;
                Events::new_uninitialized(pool.clone(), Json::default())
            }
            Err(error) => return Err(error.into()),
        };
        client.batch_execute(LISTENERS).await?;
        let (accounts, last, repeated) = Default::default();
        Ok(Self { pool, store, accounts, last, repeated })
    }

    async fn checked(
        &self,
        events: Vec<Happened>,
        asked: Asked,
        after: PgEventId,
    ) -> Result<PgEventId> {
        loop {
            match self.store.append(events.clone(), asked.clone(), after).await {
                Ok(stored) => return self.note_last(&stored),
                Err(error) if is_conflict(&error) => {
                    self.repeated.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn note_last(&self, stored: &[PersistedEvent<PgEventId, Happened>]) -> Result<PgEventId> {
        let last = stored.last().ok_or("nothing was stored")?.id();
        self.last.fetch_max(last, Ordering::Relaxed);
        Ok(last)
    }

    fn last_of(&self, account: &str) -> PgEventId {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.get(account).copied().unwrap_or_default()
    }

    fn set_last_of(&self, account: String, last: PgEventId) {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(account, last);
    }

    fn count(&self, asked: Asked) -> Work<'_> {
        Box::pin(async move {
            let mut items = self.store.stream(&asked);
            let mut count = 0;
            while let Some(item) = items.next().await {
                if let StreamItem::Event(event) = item? {
                    std::hint::black_box(event.into_inner());
                    count += 1;
                }
            }
            Ok(count)
        })
    }
}

/// The version of the server as one number: 150018 is 15.18.
async fn version(client: &Client) -> Result<u32> {
    let row = client.query_one("SHOW server_version_num", &[]).await?;
    Ok(row.try_get::<_, String>(0)?.parse()?)
}

/// No writer here meets another one's account, so what the server takes for a conflict is none,
/// and the caller tries again.
fn is_conflict(error: &Error) -> bool {
    match error {
        Error::Concurrency => true,
        Error::Database(error) => {
            error.as_database_error().and_then(|error| error.code()).as_deref() == Some("40001")
        }
        _ => false,
    }
}

impl Store for OnDisintegrate {
    fn name(&self) -> &'static str {
        "disintegrate-postgres"
    }

    fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        let one_stream = append.writes.len() == 1;
        let events = events_of(append)?;
        let account = events.first().ok_or("an append has no events")?.stream.clone();
        let events = events.iter().map(Happened::of).collect::<Result<Vec<_>>>()?;
        let count = events.len() as u64;
        Ok(Box::pin(async move {
            if one_stream {
                let asked = query!(Happened; account_id == account);
                let last = self.checked(events, asked, self.last_of(&account)).await?;
                self.set_last_of(account, last);
            } else {
                self.note_last(&self.store.append_without_validation(events).await?)?;
            }
            Ok(count)
        }))
    }

    fn load(&self, stream: &StreamName) -> Work<'_> {
        let account = stream.to_string();
        self.count(query!(Happened; account_id == account))
    }

    fn read_all(&self) -> Work<'_> {
        self.count(query!(Happened))
    }

    fn read_tag(&self, tag: &Tag) -> Work<'_> {
        let customer = tag.as_str().to_owned();
        self.count(query!(Happened; customer_id == customer))
    }

    fn append_unless(&self, append: Append, tag: &Tag) -> Result<Work<'_>> {
        let events = events_of(append)?;
        let events = events.iter().map(Happened::of).collect::<Result<Vec<_>>>()?;
        let customer = tag.as_str().to_owned();
        let last = self.last.load(Ordering::Relaxed);
        Ok(Box::pin(async move {
            let count = events.len() as u64;
            self.checked(events, query!(Happened; customer_id == customer), last).await?;
            Ok(count)
        }))
    }

    fn catch_up(&self, _events: u64) -> Work<'_> {
        Box::pin(async move {
            sqlx::query("DELETE FROM event_listener").execute(&self.pool).await?;
            let head: i64 =
                sqlx::query_scalar("SELECT max(event_id) FROM event").fetch_one(&self.pool).await?;
            let counter = Counter::new(head);
            let (count, done) = (Arc::clone(&counter.count), Arc::clone(&counter.done));
            let config = PgEventListenerConfig::poller(Duration::from_secs(60));
            let listener = PgEventListener::builder(self.store.clone())
                .uninitialized()
                .register_listener(counter, config);
            listener.start_with_shutdown(async move { done.notified().await }).await?;
            Ok(count.load(Ordering::Relaxed))
        })
    }
}

/// Counts the events up to the head.
struct Counter {
    asked: Asked,
    head: PgEventId,
    count: Arc<AtomicU64>,
    done: Arc<Notify>,
}

impl Counter {
    fn new(head: PgEventId) -> Self {
        let (count, done) = Default::default();
        Self { asked: query!(Happened), head, count, done }
    }
}

impl EventListener<PgEventId, Happened> for Counter {
    type Error = std::convert::Infallible;

    fn id(&self) -> &'static str {
        "counter"
    }

    fn query(&self) -> &Asked {
        &self.asked
    }

    fn handle<'a, 'b>(
        &'a self,
        event: PersistedEvent<PgEventId, Happened>,
    ) -> BoxFuture<'b, std::result::Result<(), Self::Error>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            self.count.fetch_add(1, Ordering::Relaxed);
            if event.id() >= self.head {
                self.done.notify_one();
            }
            std::hint::black_box(event);
            Ok(())
        })
    }
}
