//! The same bank in another framework: cqrs-es, with its events in SQLite.
//!
//! cqrs-es has no SQLite store of its own; the repository here is the least its trait asks for,
//! one indexed table, in WAL mode and synced with every commit, so that both are equally durable.

use std::sync::Arc;

use annals::{Annals, At};
use annals_engine::{Embedded, Options};
use cqrs_es::{
    Aggregate, CqrsFramework, DomainEvent, EventStore, event_sink::EventSink,
    persist::PersistedEventStore,
};
use futures_lite::future::block_on;
use serde::{Deserialize, Serialize};

use super::{
    bank::{Account, BankEvent, Deposit, Never, fill},
    execute::execute,
    sqlite::Events,
};
use crate::{
    engine::bench::Bench, problem::Result, report::Row, samples::Latencies, turns::in_turns,
};

/// The account as their aggregate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct TheirAccount(Account);

impl DomainEvent for BankEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Opened { .. } => String::from("opened"),
            Self::Deposited { .. } => String::from("deposited"),
        }
    }

    fn event_version(&self) -> String {
        String::from("1")
    }
}

impl Aggregate for TheirAccount {
    const TYPE: &'static str = "account";
    type Command = Deposit;
    type Event = BankEvent;
    type Error = Never;
    type Services = ();

    async fn handle(
        &mut self,
        command: Deposit,
        (): &(),
        sink: &EventSink<Self>,
    ) -> std::result::Result<(), Never> {
        sink.write(command.event(), self).await;
        Ok(())
    }

    fn apply(&mut self, event: BankEvent) {
        annals::Aggregate::apply(&mut self.0, &event);
    }
}

type Theirs = CqrsFramework<TheirAccount, PersistedEventStore<Events, TheirAccount>>;

/// How many accounts, so that none grows much while it is measured.
const ACCOUNTS: usize = 50;
const EVENTS: u64 = 50;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder()?;
    let backend = Arc::new(Embedded::open(folder.path().join("store"), Options::default())?);
    let ours = Annals::builder().cached(0).build(backend)?;
    let events = Events::create(&folder.path().join("peer.db"))?;
    let store = PersistedEventStore::new_event_store(events.clone());
    let theirs: Theirs = CqrsFramework::new(store, Vec::new(), ());
    let names: Vec<String> = (0..ACCOUNTS).map(|number| number.to_string()).collect();
    for name in &names {
        fill::<Account>(&ours, name, EVENTS)?;
        for _ in 0..EVENTS {
            deposit(&theirs, name)?;
        }
    }
    let loads = load(bench, &names, &ours, events)?;
    let executes = in_turns(
        bench.scale.rounds,
        || Latencies::of_each(&names, bench.scale.synced_calls, |name| execute(&ours, name)),
        || Latencies::of_each(&names, bench.scale.synced_calls, |name| deposit(&theirs, name)),
    )?;
    let name = "execute on a cold aggregate of 50 events and more";
    Ok(vec![
        Row::latencies("load an aggregate of 50 events", "cqrs-es on SQLite", loads),
        Row::latencies(name, "cqrs-es on SQLite", executes),
    ])
}

fn load(
    bench: &Bench,
    names: &[String],
    ours: &Annals,
    events: Events,
) -> Result<Vec<(Latencies, Latencies)>> {
    let theirs = PersistedEventStore::<Events, TheirAccount>::new_event_store(events);
    in_turns(
        bench.scale.rounds,
        || {
            Latencies::of_each(names, bench.scale.reads, |name| {
                block_on(ours.load::<Account>(name, At::Latest))?;
                Ok(())
            })
        },
        || {
            Latencies::of_each(names, bench.scale.reads, |name| {
                block_on(theirs.load_aggregate(name)).map_err(|error| error.to_string())?;
                Ok(())
            })
        },
    )
}

fn deposit(theirs: &Theirs, account: &str) -> Result<()> {
    let deposit = Deposit { account: account.to_owned(), cents: 7 };
    Ok(block_on(theirs.execute(account, deposit)).map_err(|error| error.to_string())?)
}
