//! The embedded engine of Annals: an append-only log, and indexes derived from it.
//!
//! The log is the database; every index is derived from it and can be made again from it. One
//! thread commits, in groups that share a sync. Readers never wait for it.
//!
//! Two doors lead in: [`Engine`] blocks, [`Embedded`] is the same as an async
//! [`Backend`](annals_core::Backend). `docs/design/format.md` describes the files byte by byte.
//!
//! ```
//! use annals_core::*;
//! # let dir = tempfile::tempdir().unwrap();
//! # futures_lite::future::block_on(async {
//! let store = annals_engine::Embedded::open(dir.path(), annals_engine::Options::default())?;
//! let event = NewEvent::new(EventType::new("opened")?, r#"{"owner":"Ann"}"#);
//! let to = StreamName::new("account-1")?;
//! let done = store.append(Append::to(to, ExpectedVersion::NoStream, [event])).await?;
//! assert_eq!(done.position, Some(Position::FIRST));
//! # Ok::<(), Error>(()) }).unwrap();
//! ```

mod adapter;
mod copy;
mod engine;
mod error;
mod format;
#[doc(hidden)]
pub mod fuzzing;
mod index;
mod log;
mod options;
mod read;
mod reader;
mod recover;
mod replica;
mod report;
mod seal;
mod shared;
pub mod storage;
mod verify;
mod work;
mod write;

pub use adapter::Embedded;
pub use copy::copy;
pub use engine::{Engine, Events};
pub use format::FORMAT_VERSION;
pub use options::{Create, Options};
pub use replica::{At, Command, Outcome, Replica};
pub use report::{OpenReport, TornTail};
pub use verify::{Problem, Severity, VerifyReport, verify};
