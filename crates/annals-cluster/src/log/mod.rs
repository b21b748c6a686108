//! The replicated log, behind a small trait.
//!
//! A node needs three things of it: that a message it publishes gets a place in one total order,
//! that every node is given the same messages in that order, and where the order ends now. NATS
//! JetStream is the log that there is; another one that orders and replicates can take its place.

pub(crate) mod jetstream;
pub(crate) mod memory;

use std::fmt;

use annals_core::{BoxFuture, BoxStream, Error, Result, Timestamp};
use bytes::Bytes;

pub use jetstream::JetStreamLog;
pub use memory::{MemoryLog, Publishing};

/// A totally ordered, replicated sequence of messages.
///
/// Sequences count from 1 and have no gaps, except that the oldest messages may have been removed.
pub trait OrderedLog: Send + Sync + fmt::Debug + 'static {
    /// The most bytes that one message may have.
    fn message_bytes_max(&self) -> usize;

    /// Adds a message and gives its sequence, once the log keeps it on as many servers as it was
    /// set up for.
    ///
    /// # Errors
    /// [`PublishError`]; it does not say by itself that the message is not in the log.
    fn publish(&self, message: Bytes) -> BoxFuture<'_, Result<u64, PublishError>>;

    /// The messages from a sequence on, as they are and as they come, without a gap or a repeat,
    /// for as long as the stream is kept. It reconnects by itself; while the log is away it says
    /// nothing.
    ///
    /// # Errors
    /// As its last item: `Corrupted` when the log no longer has that sequence, or gives another
    /// order than it gave before; what setting it up met, when that will not pass by itself.
    fn follow(&self, from: u64) -> BoxStream<'static, Result<Logged>>;

    /// Where the log begins and ends, as its leader knows. It may have gone on further: a leader
    /// that was replaced does not know at once, and others may have given out more than it knows.
    ///
    /// # Errors
    /// `Unavailable` while the log has no leader or cannot be reached; `Timeout`.
    fn extent(&self) -> BoxFuture<'_, Result<Extent>>;

    /// Tells all nodes something that is not kept, such as that this one is there. It may be lost.
    fn tell(&self, what: Bytes) -> BoxFuture<'_, Result<()>>;

    /// What nodes tell from now on, this one included. It never ends by itself.
    fn hear(&self) -> BoxStream<'static, Bytes>;
}

/// A message of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its place.
    pub sequence: u64,
    /// When the log took it, by the clock of the log's leader. It may go back from one message to
    /// the next, when the leader changes.
    pub time: Timestamp,
    /// What was published.
    pub message: Bytes,
    /// How many messages stood behind it when it was given out.
    pub behind: u64,
}

/// Where a log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The sequence of its first message; one more than `last` when there is none.
    pub first: u64,
    /// The sequence of its last message, 0 before the first.
    pub last: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many bytes it may have; `None` when nothing limits it but the disk.
    pub bytes_max: Option<u64>,
}

/// Why a message has no sequence.
#[derive(Debug, Clone)]
pub enum PublishError {
    /// The log refused it, and it will never be in it: too large, not permitted, the log is full.
    Refused(Error),
    /// There was no answer. It may be in the log, or come into it later.
    Unanswered(Error),
}
