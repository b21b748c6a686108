//! The contract every store keeps.

use std::{fmt, sync::Arc};

pub use futures_core::{future::BoxFuture, stream::BoxStream};

use crate::{
    Append, Appended, Capabilities, Category, DeleteStream, Deleted, Delivery, Error, ErrorKind,
    ExpectedVersion, Freshness, Inline, Name, Node, Position, Read, RecordedEvent, Restore, Result,
    StateEntry, StateKey, StateKind, StatePut, StoreInfo, StoreWork, StreamInfo, StreamMetadata,
    StreamName, Subscribe,
};

/// A store of events.
///
/// The exact behaviour is pinned by the conformance suite in `annals-testkit`; these are the
/// promises it checks:
///
/// * **Atomic.** Everything in one [`Append`] is stored together or not at all.
/// * **Durable.** What was acknowledged survives, as far as the backend survives at all.
/// * **Ordered.** Versions count from 0 without gaps; nothing ever appears at or below a position
///   that has been seen; events of one append stand next to each other in the order given.
/// * **Byte for byte.** Data and metadata come back as written.
/// * **Idempotent.** The same events appended again succeed and give the first answer; see
///   [`rules`](crate::rules).
///
/// Dropping a returned future may or may not stop what it began; an append that was taken in is
/// finished all the same. Dropping a stream ends it.
pub trait Backend: Send + Sync + fmt::Debug + 'static {
    /// What this backend can do.
    fn capabilities(&self) -> Capabilities;

    /// Appends events.
    ///
    /// # Errors
    /// `WrongExpectedVersion`, `ConditionFailed` (conditions, and a checkpoint not beyond the
    /// stored one), `StreamDeleted`, `InvalidArgument`, `TooLarge`, `Unavailable`, `Poisoned`,
    /// `Closed`.
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>>;

    /// Deletes a stream.
    ///
    /// # Errors
    /// `WrongExpectedVersion` (also when the stream was never written), `StreamDeleted`, and
    /// those of an append.
    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>>;

    /// Reads events. The first error ends the stream.
    ///
    /// # Errors
    /// `StreamNotFound` or `StreamDeleted` as the first item of a stream read; `Corrupted`.
    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>>;

    /// Follows events: catches up, marks that, and goes on live until dropped.
    ///
    /// # Errors
    /// `StreamDeleted` when the followed stream is tombstoned; `Closed` when the store is.
    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>>;

    /// The position of the newest event, `None` in an empty store.
    ///
    /// # Errors
    /// `Closed`, `Unavailable`.
    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>>;

    /// What is known about a stream. A stream that was never written is no error.
    ///
    /// # Errors
    /// `Closed`, `Unavailable`, `Corrupted`.
    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>>;

    /// The names of all streams ever begun, deleted ones and metastreams included, in the order
    /// of their first event; of one category, when given.
    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>>;

    /// Reads a piece of keyed state.
    ///
    /// # Errors
    /// `Closed`, `Unavailable`, `Corrupted`.
    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>>;

    /// Writes a piece of keyed state and gives its new revision.
    ///
    /// # Errors
    /// `ConditionFailed` when another revision is stored than expected; those of an append.
    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>>;

    /// All state of a kind whose name begins with `prefix`, in byte order of the names.
    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>>;

    /// The size and state of the store.
    ///
    /// # Errors
    /// `Closed`, `Unavailable`.
    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>>;

    /// What the store has counted of its own work, for those who watch it; `None` when it counts
    /// nothing. It is only looked up, and waits for nothing.
    fn work(&self) -> Option<StoreWork> {
        None
    }

    /// Waits until this handle's answers know of what `to` says, and gives the newest position then.
    ///
    /// Only stores of which several nodes keep a copy have anything to wait for. A store that has
    /// one answers from all of it at any time, which is what this does unless it is overridden.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be known or does not come in time, also for a position that the
    /// store has not given yet; those of [`head`](Self::head).
    fn catch_up(&self, to: Freshness) -> BoxFuture<'_, Result<Option<Position>>> {
        Box::pin(async move {
            let head = self.head().await?;
            match to {
                Freshness::Position(position) if head.is_none_or(|head| head < position) => {
                    Err(Error::new(
                        ErrorKind::Unavailable,
                        format!("position {position} is not in this store yet"),
                    ))
                }
                Freshness::Position(_) | Freshness::Leader | Freshness::Latest => Ok(head),
            }
        })
    }

    /// The nodes that keep this store together, as they were last heard of; none where there is
    /// only one handle or the store does not know of others. It is only looked up, and waits for
    /// nothing.
    fn nodes(&self) -> Vec<Node> {
        Vec::new()
    }

    /// Says where clients reach this node, as `HOST:PORT`, so that the other nodes can tell theirs.
    fn advertise(&self, address: &str) {
        let _ = address;
    }

    /// Stores what another store holds exactly as it is recorded there: events with id, version,
    /// position, time and recorded time, those in `$$` streams and tombstones included; and keyed
    /// state with its revisions. Durable when it is answered.
    ///
    /// The first event must stand at the next position of this store, every event must have the
    /// next version of its stream, times do not go back, and revisions are beyond all that were
    /// given here; so nothing else may write to the store meanwhile. Otherwise nothing is stored.
    /// What is refused is refused whole, but a backend that is not a transactional one may keep a
    /// beginning of it when the process or the machine ends in between: whoever restores goes on
    /// after the head.
    ///
    /// # Errors
    /// `InvalidArgument` when the events or the state contradict each other, `ConditionFailed`
    /// when they do not follow on what the store holds, `TooLarge` beyond the limits of an append,
    /// `Unsupported` without the capability `store_restore`, and those of an append.
    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        drop(restore);
        let why = "this store takes no events as another one recorded them; append them instead";
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::Unsupported, why))))
    }

    /// Finishes what was taken in and gives up the store. Later calls answer `Closed`.
    ///
    /// # Errors
    /// What finishing met.
    fn close(&self) -> BoxFuture<'_, Result<()>>;

    /// Does work in the transaction of every append through this handle from now on, besides what
    /// was installed before. It ends with the handle.
    ///
    /// # Errors
    /// `Unsupported` without the capability `projection_inline`, `Closed`, and what
    /// [`Inline::join`] refuses with.
    fn install_inline(&self, inline: Arc<dyn Inline>) -> Result<()> {
        drop(inline);
        Err(Error::new(
            ErrorKind::Unsupported,
            "this store has no transactions in which others can write",
        ))
    }

    /// Gives a stream new settings, replacing the old ones. `expected` is about the version of
    /// the settings, not of the stream.
    ///
    /// # Errors
    /// Those of an append.
    fn set_stream_metadata<'a>(
        &'a self,
        stream: &StreamName,
        expected: ExpectedVersion,
        metadata: &StreamMetadata,
    ) -> BoxFuture<'a, Result<Appended>> {
        let write = metadata.to_write(stream, expected);
        Box::pin(
            async move { self.append(Append { writes: vec![write?], ..Append::default() }).await },
        )
    }

    /// How far a consumer has come.
    ///
    /// # Errors
    /// Those of [`state`](Self::state).
    fn checkpoint(&self, name: &Name) -> BoxFuture<'_, Result<Option<Position>>> {
        let key = StateKey::checkpoint(name.clone());
        Box::pin(async move {
            let entry = self.state(&key).await?;
            entry.map(|entry| entry.checkpoint_position()).transpose()
        })
    }
}
