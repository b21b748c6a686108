//! Annals, an event store and an event-sourcing framework: what a user needs, from one crate.
//!
//! What happened is stored as events; everything else is made from them. The parts, in the order
//! in which a program needs them:
//!
//! # Events
//!
//! A fact that has happened, as a Rust type. Each variant is an event type, stored as JSON unless
//! it says otherwise. See [`Event`].
//!
//! ```
//! use annals::Event;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Event, Serialize, Deserialize)]
//! #[event(prefix = "bank")]
//! enum BankEvent {
//!     Deposited { cents: u64 },
//!     Withdrawn { cents: u64 },
//! }
//!
//! assert_eq!(BankEvent::Deposited { cents: 5 }.schema().name, "bank.deposited");
//! ```
//!
//! # Aggregates
//!
//! A state that is a fold over the events of a stream. See [`Aggregate`].
//!
//! ```
//! # use annals::Event;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Event, Serialize, Deserialize)]
//! # #[event(prefix = "bank")]
//! # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
//! use annals::{Aggregate, aggregate};
//!
//! #[derive(Debug, Default, Clone, Serialize, Deserialize)]
//! struct Account {
//!     cents: u64,
//! }
//!
//! #[aggregate(stream = "account", key = String)]
//! impl Aggregate for Account {
//!     type Event = BankEvent;
//!
//!     fn apply(&mut self, event: &BankEvent) {
//!         match event {
//!             BankEvent::Deposited { cents } => self.cents += cents,
//!             BankEvent::Withdrawn { cents } => self.cents -= cents,
//!         }
//!     }
//! }
//! ```
//!
//! # Commands
//!
//! A decision on a state: events, or a refusal. It is written only if nothing it was made on has
//! changed; when somebody was faster, it is made again. See [`Command`], and [`Execute`] for
//! idempotency keys, who acts, and waiting for read models.
//!
//! ```
//! # use annals::{Aggregate, Event, aggregate};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Event, Serialize, Deserialize)]
//! # #[event(prefix = "bank")]
//! # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
//! # #[derive(Debug, Default, Clone, Serialize, Deserialize)]
//! # struct Account { cents: u64 }
//! # #[aggregate(stream = "account", key = String)]
//! # impl Aggregate for Account {
//! #     type Event = BankEvent;
//! #     fn apply(&mut self, event: &BankEvent) {
//! #         match event {
//! #             BankEvent::Deposited { cents } => self.cents += cents,
//! #             BankEvent::Withdrawn { cents } => self.cents -= cents,
//! #         }
//! #     }
//! # }
//! use annals::{Annals, At, Changes, Command};
//!
//! struct Withdraw {
//!     account: String,
//!     cents: u64,
//! }
//!
//! #[derive(Debug, PartialEq, thiserror::Error)]
//! #[error("{short} cents short")]
//! struct Overdrawn {
//!     short: u64,
//! }
//!
//! impl Command for Withdraw {
//!     type Aggregate = Account;
//!     type Output = u64;
//!     type Error = Overdrawn;
//!
//!     fn key(&self) -> String {
//!         self.account.clone()
//!     }
//!
//!     fn decide(&self, account: &mut Changes<'_, Account>) -> Result<u64, Overdrawn> {
//!         if account.cents < self.cents {
//!             return Err(Overdrawn { short: self.cents - account.cents });
//!         }
//!         account.emit(BankEvent::Withdrawn { cents: self.cents });
//!         Ok(account.cents)
//!     }
//! }
//!
//! # futures_lite::future::block_on(async {
//! let app = Annals::open("memory:").await?;
//! let refused = app.execute(Withdraw { account: "ann".into(), cents: 30 }).await.unwrap_err();
//! assert_eq!(refused.rejection(), Some(&Overdrawn { short: 30 }));
//! # assert_eq!(app.load::<Account>(&"ann".into(), At::Latest).await?.cents, 0);
//! # Ok::<(), annals::Error>(()) }).unwrap();
//! ```
//!
//! # Views
//!
//! A document for each key, made from events: stored in a database, or folded when it is read. See
//! [`View`].
//!
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! # use annals::Event;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Event, Serialize, Deserialize)]
//! # #[event(prefix = "bank")]
//! # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
//! use annals::{Annals, Keep, Keys, Recorded, Run, Sqlite, View, view};
//!
//! #[derive(Default, Clone, Serialize, Deserialize)]
//! struct Turnover {
//!     cents: u64,
//! }
//!
//! #[view(name = "turnovers", version = 1)]
//! impl View for Turnover {
//!     type Key = String;
//!     type Event = BankEvent;
//!
//!     fn route(event: &Recorded<BankEvent>) -> Keys<String> {
//!         event.stream().to_string().into()
//!     }
//!
//!     fn apply(&mut self, event: &Recorded<BankEvent>) -> Keep {
//!         match &event.event {
//!             BankEvent::Deposited { cents } | BankEvent::Withdrawn { cents } => {
//!                 self.cents += cents;
//!             }
//!         }
//!         Keep::Keep
//!     }
//! }
//!
//! # futures_lite::future::block_on(async {
//! let documents = Sqlite::in_memory()?;
//! let app =
//!     Annals::builder().view::<Turnover>(&documents, Run::background()).open("memory:").await?;
//! assert!(app.view::<Turnover>().get(&"account-ann".to_owned()).await?.is_none());
//! # app.stop().await?;
//! # Ok::<(), annals::Error>(()) }).unwrap();
//! ```
//!
//! # Projections
//!
//! Tables of a database, written by a function that sees every event once and in order: what it
//! writes and how far it has come are one transaction. See [`Projection`] and [`Run`].
//!
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! # use annals::Event;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Event, Serialize, Deserialize)]
//! # #[event(prefix = "bank")]
//! # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
//! use annals::{Annals, BoxError, Projection, Recorded, Run, Sqlite, SqliteTx, projection};
//!
//! struct Deposits;
//!
//! #[projection(name = "deposits", version = 1)]
//! impl Projection for Deposits {
//!     type Event = BankEvent;
//!     type Store = Sqlite;
//!     const TABLES: &'static [&'static str] = &["deposits"];
//!
//!     async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
//!         tx.execute(&format!("CREATE TABLE {} (cents INTEGER)", tx.table("deposits")), [])?;
//!         Ok(())
//!     }
//!
//!     async fn apply(&self, event: &Recorded<BankEvent>, tx: &mut SqliteTx) -> Result<(), BoxError> {
//!         if let BankEvent::Deposited { cents } = &event.event {
//!             let sql = format!("INSERT INTO {} VALUES (?)", tx.table("deposits"));
//!             tx.execute(&sql, [i64::try_from(*cents)?])?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! # futures_lite::future::block_on(async {
//! let tables = Sqlite::in_memory()?;
//! let app = Annals::builder()
//!     .projection(Deposits, &tables, Run::background())
//!     .open("memory:")
//!     .await?;
//! # app.stop().await?;
//! # Ok::<(), annals::Error>(()) }).unwrap();
//! ```
//!
//! # Processes
//!
//! What follows from events: commands that are sent once in effect, events, deadlines. See
//! [`Process`] and [`Effects`].
//!
//! ```
//! # use annals::Event;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Event, Serialize, Deserialize)]
//! # #[event(prefix = "bank")]
//! # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
//! use annals::{Effects, Process, Recorded, Route, process};
//!
//! #[derive(Event, Serialize, Deserialize)]
//! #[event(name = "bank.rewarded")]
//! struct Rewarded;
//!
//! /// Rewards the tenth event of an account.
//! #[derive(Default, Clone, Serialize, Deserialize)]
//! struct Rewards {
//!     events: u64,
//! }
//!
//! #[process(name = "rewards")]
//! impl Process for Rewards {
//!     type Key = String;
//!     type Event = BankEvent;
//!     type Sends = ();
//!
//!     fn route(event: &Recorded<BankEvent>) -> Route<String> {
//!         Route::Start(event.stream().to_string())
//!     }
//!
//!     fn react(&mut self, _event: &Recorded<BankEvent>, effects: &mut Effects<'_, Self>) {
//!         self.events += 1;
//!         if self.events == 10 {
//!             effects.emit(Rewarded).finish();
//!         }
//!     }
//! }
//! ```
//!
//! # More
//!
//! * Do something outside because of events: [`Reactor`]; follow them as they are committed:
//!   [`Subscription`].
//! * Test all of these without a store: [`testing`].
//! * Change the form of events: [`Upcasters`], and a test that notices: [`schema`].
//! * Look at the past: [`At`], [`Annals::history`].
//! * The book in `docs/book` of the repository has a tour, how-tos, and what is guaranteed.
//!
//! # The store
//!
//! A store is opened by its URL, and used through the [`Backend`] trait whatever it is. The
//! vocabulary is that of `annals-core`, re-exported here whole.
//!
//! ```
//! use annals::*;
//! # futures_lite::future::block_on(async {
//! let store = annals::open("memory:").await?;
//! let stream = StreamName::new("account-1")?;
//! let opened = NewEvent::new(EventType::new("opened")?, r#"{"owner":"Ann"}"#);
//! store.append(Append::to(stream.clone(), ExpectedVersion::NoStream, [opened])).await?;
//!
//! // Whoever decided on an older state is refused, and told the actual version.
//! let late = NewEvent::new(EventType::new("opened")?, r#"{"owner":"Bob"}"#);
//! let refused = store
//!     .append(Append::to(stream, ExpectedVersion::NoStream, [late]))
//!     .await
//!     .unwrap_err();
//! assert_eq!(refused.wrong_expected_version().unwrap().actual, Some(Version::new(0)));
//! # Ok::<(), Error>(()) }).unwrap();
//! ```
//!
//! | URL | Store |
//! | --- | --- |
//! | `file:./data`, `./data` | the embedded engine in a folder (feature `embedded`) |
//! | `memory:` | in memory, gone with the process |
//! | `postgres://user@host/database?schema=annals` | a schema of a PostgreSQL database (feature `postgres`); what else it may say is at [`postgres::Target`] |
//! | `annals://user:password@host:2113` | the store of a server, `annals serve` (feature `remote`); encrypted unless it says `tls=false`, see [`remote::Target`] |
//! | `kurrentdb://user:password@host:2113`, `esdb://...` | a KurrentDB or EventStoreDB, by the connection string of its clients (feature `kurrentdb`); what that can and cannot do is at [`kurrentdb`] |

// Derived code says `::annals`, in this crate too.
extern crate self as annals;

mod aggregate;
mod app;
#[cfg(all(doctest, feature = "embedded", feature = "sqlite", feature = "tokio"))]
mod book;
mod bus;
mod command;
mod event;
mod guard;
mod lease;
mod open;
mod process;
mod read_side;
pub mod schema;
mod service;
pub mod testing;
mod time;
mod trace;
mod upcast;
mod url;

pub use aggregate::{Aggregate, Boundary, Needs, Root, Scope, Snapshots, Unknown};
#[cfg(feature = "cluster")]
pub use annals_cluster as cluster;
pub use annals_core::*;
pub use annals_derive::{Event, aggregate, process, projection, view};
#[cfg(feature = "embedded")]
pub use annals_engine as engine;
#[cfg(feature = "kurrentdb")]
pub use annals_kurrentdb as kurrentdb;
#[cfg(feature = "postgres")]
pub use annals_postgres as postgres;
#[cfg(feature = "remote")]
pub use annals_remote as remote;
pub use app::{Annals, Builder, Context};
pub use bus::{Listener, Marked, Notice, Subscription};
pub use command::{ByClosure, ByCommand, Changes, Command, Committed, Execute, ExecuteError};
#[doc(hidden)]
pub use event::codec as derive_support;
pub use event::{Event, EventSchema, FieldSchema, Format, RawEvent, Recorded};
pub use guard::BoxError;
pub use open::{open, open_existing};
pub use process::{
    Contains, Deadline, Effect, Effects, Index, Message, Process, ProcessStatus, Processes,
    Rejected, Route, Sends, SentCommand, Stuck,
};
pub use read_side::{
    Advance, Checkpoint, DeadLetter, DeadLetters, DocumentStore, DocumentTx, Get, Keep, Keys, Lag,
    Model, ModelInfo, Nack, NewDeadLetter, Projection, ProjectionHandle, ProjectionState,
    ProjectionStatus, Reactor, ReactorHandle, ReactorLetters, ReactorStatus, ReadStore, ReadTx,
    Run, SetAside, Start, Trouble, View, ViewHandle,
};
#[cfg(feature = "postgres")]
pub use read_side::{PostgresTables, PostgresTx};
#[cfg(feature = "sqlite")]
pub use read_side::{Sqlite, SqliteTx};
#[cfg(feature = "sqlite")]
pub use rusqlite;
pub use time::{At, Blame, BlameLine, Blamed, FieldChange, History, StateDiff, Step};
pub use upcast::{Decoded, Earlier, Parts, Stored, Upcast, Upcasters};
pub use url::StoreUrl;
