//! The read side: read models kept up to date from the log, each event taking effect once.
//!
//! A read model and how far it has come are written in one transaction, so whatever happens they
//! belong together. A new version is built beside the old one and takes its place when it has
//! caught up.

mod board;
mod dead_letter;
mod dead_letters;
mod feed;
mod handle;
mod in_append;
mod lag;
mod letters;
mod model;
mod names;
#[cfg(feature = "postgres")]
mod postgres;
mod projection;
mod reactor;
mod read_store;
mod rebuild;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod refusal;
mod registered;
mod run;
mod runner;
#[cfg(feature = "sqlite")]
mod sqlite;
mod status;
mod unit;
mod view;
mod watch;

pub use dead_letter::{DeadLetter, NewDeadLetter};
pub use dead_letters::DeadLetters;
pub use handle::ProjectionHandle;
pub use model::{Advance, Checkpoint, Model, ModelInfo};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresTables, PostgresTx};
pub use projection::Projection;
pub use reactor::{Nack, Reactor, ReactorHandle, ReactorLetters, ReactorStatus, SetAside};
pub use read_store::{ReadStore, ReadTx, Trouble};
pub use run::{Run, Start};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteTx};
pub use status::{Lag, ProjectionState, ProjectionStatus};
pub use view::{DocumentStore, DocumentTx, Get, Keep, Keys, View, ViewHandle};

pub(crate) use reactor::RegisteredReactor;
pub(crate) use registered::Registered;
pub(crate) use view::{RegisteredView, fold_all, fold_into, fold_one, through_json};
