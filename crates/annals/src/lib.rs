//! Annals, an event store: what a user needs, from one crate.
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

// Derived code says `::annals`, in this crate too.
extern crate self as annals;

mod aggregate;
mod app;
#[cfg(doctest)]
mod book;
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
pub use annals_core::*;
pub use annals_derive::{Event, aggregate, process, projection, view};
#[cfg(feature = "embedded")]
pub use annals_engine as engine;
pub use app::{Annals, Builder, Context};
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
    Advance, Checkpoint, DeadLetter, DeadLetters, Lag, Model, ModelInfo, NewDeadLetter, Projection,
    ProjectionHandle, ProjectionState, ProjectionStatus, ReadStore, ReadTx, Run, Trouble,
};
#[cfg(feature = "sqlite")]
pub use read_side::{Sqlite, SqliteTx};
#[cfg(feature = "sqlite")]
pub use rusqlite;
pub use time::{At, Blame, BlameLine, Blamed, FieldChange, History, StateDiff, Step};
pub use upcast::{Decoded, Earlier, Parts, Stored, Upcast, Upcasters};
pub use url::StoreUrl;
