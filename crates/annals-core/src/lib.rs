//! The vocabulary of Annals and the contract every store keeps.
//!
//! This crate holds the words (event, stream, version, position, query, append), the limits, the
//! one error type, the rules that decide whether an append is accepted, and the [`Backend`] trait.
//! It knows no runtime, no disk, no database and no wire. [`MemoryBackend`] is the reference that
//! every other backend is compared with.
//!
//! ```
//! use annals_core::*;
//! # futures_lite::future::block_on(async {
//! let store = MemoryBackend::new();
//! let stream = StreamName::new("account-1")?;
//! let opened = NewEvent::new(EventType::new("opened")?, r#"{"owner":"Ann"}"#);
//! let done = store
//!     .append(Append::to(stream.clone(), ExpectedVersion::NoStream, [opened]))
//!     .await?;
//! assert_eq!(done.position, Some(Position::new(0)));
//!
//! let info = store.stream_info(&stream).await?;
//! assert_eq!(info.last_version, Some(Version::new(0)));
//! # Ok::<(), Error>(()) }).unwrap();
//! ```

mod append;
mod backend;
mod capabilities;
mod clock;
mod content_type;
mod error;
mod event;
mod event_id;
mod event_type;
mod expected;
mod follow;
mod freshness;
mod in_full;
mod inline;
pub mod limits;
mod memory;
mod metadata;
mod name;
mod node;
mod order;
mod query;
mod read;
mod restore;
pub mod rules;
mod state;
mod store_info;
mod store_work;
mod stream_info;
mod stream_metadata;
mod stream_name;
mod subscribe;
mod tag;
mod timestamp;

pub use append::{
    Append, AppendCondition, Appended, CheckpointWrite, DeleteMode, DeleteStream, Deleted,
    StreamAppended, StreamWrite,
};
pub use backend::{Backend, BoxFuture, BoxStream};
pub use capabilities::Capabilities;
pub use clock::{Clock, ManualClock, SystemClock};
pub use content_type::ContentType;
pub use error::{ConditionFailed, Error, ErrorKind, Result, Retry, WrongExpectedVersion};
pub use event::{NewEvent, RecordedEvent};
pub use event_id::EventId;
pub use event_type::EventType;
pub use expected::ExpectedVersion;
pub use follow::{Follow, Page, follow};
pub use freshness::Freshness;
pub use in_full::in_full;
pub use inline::Inline;
pub use memory::MemoryBackend;
pub use metadata::Metadata;
pub use name::Name;
pub use node::Node;
pub use order::{Position, Version};
pub use query::{Query, QueryItem, StreamSelector};
pub use read::{Direction, Read, ReadAll, ReadStream};
pub use restore::{RecordedState, Restore};
pub use state::{StateEntry, StateExpected, StateKey, StateKind, StatePut};
pub use store_info::StoreInfo;
pub use store_work::{Histogram, LogWork, RANGES, Spread, StoreWork};
pub use stream_info::{StreamInfo, StreamStatus};
pub use stream_metadata::{Acl, StreamMetadata};
pub use stream_name::{Category, StreamName};
pub use subscribe::{Delivery, Subscribe, SubscribeSource, SubscribeStart};
pub use tag::{Tag, Tags};
pub use timestamp::Timestamp;
