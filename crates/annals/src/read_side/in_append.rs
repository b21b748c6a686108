//! Projections in the transaction of the append.
//!
//! Appends take turns, so whoever is in the transaction of one sees everything that came before.
//! The checkpoint says how far the model has come: what is missing up to the append is applied
//! first, then the append itself, and the checkpoint moves in the same transaction. So each event
//! counts once, whoever else applies events meanwhile.

use std::{
    any::Any,
    fmt,
    sync::{Arc, Weak},
};

use annals_core::{
    BoxFuture, Error, ErrorKind, EventId, Inline, Position, ReadAll, RecordedEvent, Result,
};
use futures_lite::StreamExt;

use super::{
    Advance, Checkpoint, Model, Projection, ReadStore, ReadTx, Trouble, registered::Entry,
};
use crate::{BoxError, app::Store};

/// Most events that an append applies for others. Where more are missing, it is refused until the
/// background has come closer.
const MISSING_MAX: u64 = 1_000;

type Tx<P> = <<P as Projection>::Store as ReadStore>::Tx;

/// A projection as the store of events knows it.
pub(super) struct InAppend<P: Projection> {
    entry: Arc<Entry<P>>,
    /// The store holds this, so this does not hold the store.
    store: Weak<Store>,
}

impl<P: Projection> InAppend<P> {
    pub(super) fn new(entry: Arc<Entry<P>>, store: &Arc<Store>) -> Self {
        Self { entry, store: Arc::downgrade(store) }
    }
}

impl<P: Projection> Inline for InAppend<P> {
    fn join(&self, store: &str) -> Result<()> {
        if self.entry.store.id() == store { Ok(()) } else { Err(elsewhere(P::NAME)) }
    }

    fn apply<'a>(
        &'a self,
        events: &'a [RecordedEvent],
        transaction: &'a mut (dyn Any + Send),
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // The application is gone.
            let Some(store) = self.store.upgrade() else { return Ok(()) };
            let tx = self.entry.store.join(transaction).ok_or_else(|| elsewhere(P::NAME))?;
            let done = self.entry.apply_in_append(&store, tx, events).await;
            done.inspect_err(|error| self.entry.board.failed(error))
        })
    }
}

impl<P: Projection> Entry<P> {
    async fn apply_in_append(
        &self,
        store: &Arc<Store>,
        mut tx: Tx<P>,
        events: &[RecordedEvent],
    ) -> Result<()> {
        let Some((first, last)) = events.first().zip(events.last()) else { return Ok(()) };
        let known = tx.models(P::NAME).await?;
        let is_own = |model: &Model| model.version == P::VERSION;
        let Some(info) = known.iter().rfind(|info| is_own(&info.model) && info.is_built) else {
            // It is being built, in the background.
            return Ok(());
        };
        let checkpoints = tx.checkpoints(&info.model).await?;
        let [checkpoint] = checkpoints.as_slice() else { return Err(divided(&info.model)) };
        tx.use_model(&info.model);
        let missing = self.missing(store, checkpoint, first.position).await?;
        let query = self.query(store)?;
        let mut applied = None;
        for record in missing.iter().chain(events.iter().filter(|event| query.matches(event))) {
            self.apply_record(store, &mut tx, record).await?;
            applied = Some((record.id, record.position));
        }
        self.finish(&mut tx).await.map_err(|error| Self::refused("finishing", error))?;
        let step = step(checkpoint, last.position, applied);
        tx.advance(&info.model, &step).await
    }

    /// What stands between the checkpoint and an append.
    async fn missing(
        &self,
        store: &Arc<Store>,
        checkpoint: &Checkpoint,
        upto: Position,
    ) -> Result<Vec<RecordedEvent>> {
        let from = checkpoint.position.map_or(Position::FIRST, Position::next);
        let Some(to) = upto.get().checked_sub(1).filter(|to| from.get() <= *to) else {
            return Ok(Vec::new());
        };
        let read = ReadAll::new(self.query(store)?).from(from).limit(MISSING_MAX + 1);
        let read = ReadAll { to: Some(Position::new(to)), ..read };
        let missing: Vec<_> = store.backend.read(read.into()).try_collect().await?;
        if missing.len() as u64 <= MISSING_MAX {
            return Ok(missing);
        }
        let paused = checkpoint.paused.as_deref().unwrap_or("it is catching up");
        Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "projection `{}` is over {MISSING_MAX} events behind, so that no append can carry \
                 it along: {paused}; wait for it with `fresh`, or see `projections()`",
                P::NAME
            ),
        ))
    }

    async fn apply_record(
        &self,
        store: &Arc<Store>,
        tx: &mut Tx<P>,
        record: &RecordedEvent,
    ) -> Result<()> {
        for event in store.decode::<P::Event>(record.clone()).await? {
            let what = format!("event {} of type `{}`", record.id, record.event_type);
            self.apply(&event, tx).await.map_err(|error| Self::refused(&what, error))?;
        }
        Ok(())
    }

    /// The error with which an append is refused.
    fn refused(what: &str, error: BoxError) -> Error {
        let kind = match P::Store::trouble(&error) {
            Some(Trouble::Passing(_)) => ErrorKind::Unavailable,
            _ => ErrorKind::Application,
        };
        let message = format!("projection `{}` does not take {what}: {error}", P::NAME);
        Error::new(kind, message).caused_by(error)
    }
}

/// Moves on as whoever moved last: an append waits for no lease.
fn step(checkpoint: &Checkpoint, to: Position, applied: Option<(EventId, Position)>) -> Advance {
    Advance {
        partition: checkpoint.partition,
        from: checkpoint.position,
        to: Some(to),
        last: applied,
        is_caught_up: true,
        fence: checkpoint.fence,
    }
}

fn elsewhere(name: &str) -> Error {
    Error::invalid(format!(
        "projection `{name}` is to be written with the events, and its tables are in another \
         store; open them with `PostgresTables::of`, or run it in the background"
    ))
}

fn divided(model: &Model) -> Error {
    Error::invalid(format!(
        "{model} is divided into partitions, and an append writes one; raise the version of the \
         projection"
    ))
}

impl<P: Projection> fmt::Debug for InAppend<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InAppend").field("projection", &P::NAME).finish_non_exhaustive()
    }
}
