//! What every contender is asked to do.

use std::{pin::Pin, sync::Arc};

use annals_core::{Append, BoxFuture, StreamName, Tag};
use futures_util::Stream;

use crate::problem::Result;

pub(crate) type Contender = Arc<dyn Store>;

/// Something done on a store; it gives how many events that was.
pub(crate) type Work<'a> = BoxFuture<'a, Result<u64>>;

/// Events as they come; each item says how many came at once.
pub(crate) type Deliveries<'a> = Pin<Box<dyn Stream<Item = Result<u64>> + Send + 'a>>;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Loads of a stream.
    Load,
    /// Reads of everything.
    ReadAll,
    /// Reads by a tag.
    ReadTag,
    /// Follows from the beginning, with positions to go on from.
    CatchUp,
    /// One event after the other.
    Lone,
    /// Many writers at once.
    Crowd,
    /// Appends unless an event with a tag has come meanwhile.
    Condition,
    /// Many events at a time.
    Bulk,
    /// Follows while others append.
    Live,
}

/// A contender.
///
/// What a store needs in a form of its own is made before its future is: only the future is timed.
pub(crate) trait Store: Send + Sync {
    fn name(&self) -> &'static str;

    /// How many times as fast ours must be; `None` when it is there for comparison only.
    fn target(&self, _deed: Deed) -> Option<f64> {
        Some(1.0)
    }

    /// Why it cannot do this.
    fn lacks(&self, _deed: Deed) -> Option<&'static str> {
        None
    }

    /// How many appends the server refused for no fault of theirs, and that were done again.
    fn repeated(&self) -> u64 {
        0
    }

    /// Stores events, all or none, and lasting when done. Of one stream: if the stream is as
    /// expected.
    fn append(&self, append: Append) -> Result<Work<'_>>;

    /// Reads the events of a stream in order.
    fn load(&self, _stream: &StreamName) -> Work<'_> {
        cannot()
    }

    /// Reads all events.
    fn read_all(&self) -> Work<'_> {
        cannot()
    }

    /// Reads the events with a tag in order.
    fn read_tag(&self, _tag: &Tag) -> Work<'_> {
        cannot()
    }

    /// Stores events unless there is one with the tag that is newer than what was stored here
    /// last.
    fn append_unless(&self, _append: Append, _tag: &Tag) -> Result<Work<'_>> {
        Ok(cannot())
    }

    /// Follows the store from the beginning until it has caught up, which is with so many events.
    fn catch_up(&self, _events: u64) -> Work<'_> {
        cannot()
    }

    /// Follows what comes from now on, once that has begun.
    fn follow(&self) -> BoxFuture<'_, Result<Deliveries<'_>>> {
        cannot()
    }
}

fn cannot<'a, T>() -> BoxFuture<'a, Result<T>> {
    Box::pin(async { Err("this store cannot do that; it must say so beforehand".into()) })
}
