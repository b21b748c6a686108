//! postgres-es, the PostgreSQL repository of cqrs-es, by the methods of its repository.

use annals_core::{Append, StreamName};
use cqrs_es::{
    Aggregate, DomainEvent,
    event_sink::EventSink,
    persist::{PersistedEventRepository, SerializedEvent},
};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::postgres::PgPoolOptions;

use super::{
    events::{Event, events_of},
    server::connect,
};
use crate::{
    contest::store::{Deed, Store, Work},
    problem::Result,
};

/// The table its documentation gives.
const TABLE: &str = "CREATE TABLE events (
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    sequence bigint CHECK (sequence >= 0) NOT NULL,
    event_type text NOT NULL,
    event_version text NOT NULL,
    payload json NOT NULL,
    metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)";

/// Events that wait between its reader and ours.
const READ_AHEAD: usize = 1_000;

pub(super) struct OnPostgresEs(PostgresEventRepository);

impl OnPostgresEs {
    pub(super) async fn create(url: &str, connections: u32) -> Result<Self> {
        connect(url).await?.batch_execute(TABLE).await?;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(connections)
            .connect(url)
            .await?;
        let repository = PostgresEventRepository::new(pool);
        Ok(Self(repository.with_streaming_channel_size(READ_AHEAD)))
    }
}

/// The aggregate whose events these are. It decides nothing: the repository is asked directly.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Account;

/// What happened, with whatever it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Happened(Value);

/// The aggregate never refuses.
#[derive(Debug)]
enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl DomainEvent for Happened {
    fn event_type(&self) -> String {
        String::from("happened")
    }

    fn event_version(&self) -> String {
        String::from("1")
    }
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = ();
    type Event = Happened;
    type Error = Never;
    type Services = ();

    async fn handle(
        &mut self,
        (): (),
        (): &(),
        _: &EventSink<Self>,
    ) -> std::result::Result<(), Never> {
        Ok(())
    }

    fn apply(&mut self, _: Happened) {}
}

fn serialized(event: Event) -> Result<SerializedEvent> {
    Ok(SerializedEvent {
        aggregate_id: event.stream,
        // Its sequences count from 1.
        sequence: usize::try_from(event.version)? + 1,
        aggregate_type: String::from(Account::TYPE),
        event_type: event.event.event_type.as_str().to_owned(),
        event_version: String::from("1"),
        payload: serde_json::from_slice(&event.event.data)?,
        metadata: Value::Object(serde_json::Map::new()),
    })
}

impl Store for OnPostgresEs {
    fn name(&self) -> &'static str {
        "postgres-es"
    }

    fn lacks(&self, deed: Deed) -> Option<&'static str> {
        match deed {
            Deed::ReadTag | Deed::Condition => Some("it has no tags"),
            Deed::CatchUp | Deed::Live => {
                Some("its events have no order across aggregates to go on from")
            }
            _ => None,
        }
    }

    fn append(&self, append: Append) -> Result<Work<'_>> {
        let events = events_of(append)?.into_iter().map(serialized);
        let events = events.collect::<Result<Vec<_>>>()?;
        Ok(Box::pin(async move {
            self.0.persist::<Account>(&events, None).await?;
            Ok(events.len() as u64)
        }))
    }

    fn load(&self, stream: &StreamName) -> Work<'_> {
        let account = stream.to_string();
        Box::pin(async move {
            let events = self.0.get_events::<Account>(&account).await?;
            let count = events.len() as u64;
            std::hint::black_box(events);
            Ok(count)
        })
    }

    fn read_all(&self) -> Work<'_> {
        Box::pin(async move {
            let mut events = self.0.stream_all_events::<Account>().await?;
            let mut count = 0;
            while let Some(event) = events.next::<Account>(&[]).await {
                std::hint::black_box(event?);
                count += 1;
            }
            Ok(count)
        })
    }
}
