//! The inbox of a process manager: takes its inputs in the order of positions, each exactly once.
//!
//! What an input leads to is one append, with the checkpoint in it, and expects the instance as it
//! was read. So a second inbox of the same name can do no harm: whoever is later is refused, and
//! goes on from the stored checkpoint. The lease only keeps the two from working in vain.

use std::{marker::PhantomData, num::NonZeroU64, sync::Arc};

use annals_core::{
    Append, Capabilities, Delivery, Error, ErrorKind, Position, RecordedEvent, Result, Subscribe,
    SubscribeStart,
};
use futures_lite::{StreamExt, future::or};

use super::{
    Board, Process,
    home::Home,
    input::inputs,
    instance::{Instance, is_gone},
    reaction::Reacting,
    sends::Senders,
};
use crate::{
    Annals, Event,
    lease::{self, Held},
    service::{Service, Stop, block_on_until},
};

/// Events that may be looked at for nothing before progress is stored; so many are looked at
/// again after a crash.
const UNSAVED_MAX: u64 = 1_000;
const UNSAVED_EVERY: Option<NonZeroU64> = NonZeroU64::new(UNSAVED_MAX);

/// Takes the inputs of one process manager.
pub(crate) struct Inbox<P> {
    home: Result<Home>,
    board: Arc<Board>,
    name: String,
    of: PhantomData<fn(P)>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It was written, with the checkpoint.
    Written,
    /// Nobody took it in.
    Ignored,
}

impl<P: Process> Inbox<P> {
    pub(crate) fn new(board: Arc<Board>) -> Self {
        let name = format!("process {}", P::NAME);
        Self { home: Home::new(P::NAME), board, name, of: PhantomData }
    }

    /// Takes inputs until told to stop, or until another runner has taken over.
    async fn follow(&self, app: &Annals, home: &Home, stop: &Stop, held: &Held) -> Result<()> {
        let backend = app.backend();
        let mut saved = backend.checkpoint(&home.checkpoint).await?;
        let mut seen = saved;
        let query = home.inputs(app.store.upcasters.stored_types(P::Event::TYPES))?;
        self.board.inbox_begins(query.clone(), saved);
        let start = saved.map_or(SubscribeStart::Beginning, SubscribeStart::After);
        let mut subscribe = Subscribe::all(query, start);
        subscribe.checkpoint_every = UNSAVED_EVERY;
        let mut deliveries = backend.subscribe(subscribe);
        let mut ignored = 0;
        loop {
            let next = or(wait(stop), async { deliveries.next().await });
            let Some(delivery) = next.await.transpose()? else {
                return self.save(app, home, saved, seen).await;
            };
            match delivery {
                Delivery::Event(record) => {
                    seen = Some(record.position);
                    match self.take(app, home, &record).await {
                        Ok(Taken::Written) => (saved, ignored) = (seen, 0),
                        Ok(Taken::Ignored) => ignored += 1,
                        Err(error) => return Err(self.failed_at(&record, error)),
                    }
                }
                Delivery::Checkpoint(position) => (seen, ignored) = (Some(position), UNSAVED_MAX),
                Delivery::CaughtUp { .. } | Delivery::FellBehind { .. } => {}
            }
            if ignored >= UNSAVED_MAX {
                self.save(app, home, saved, seen).await?;
                (saved, ignored) = (seen, 0);
            }
            self.board.inbox_saw(seen);
            if !held.is_valid() {
                return Ok(());
            }
        }
    }

    /// Stores how far the inbox has come, where no reaction did.
    async fn save(
        &self,
        app: &Annals,
        home: &Home,
        saved: Option<Position>,
        seen: Option<Position>,
    ) -> Result<()> {
        match seen {
            Some(position) if seen > saved => {
                app.backend().append(home.progress(position)).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn take(&self, app: &Annals, home: &Home, record: &RecordedEvent) -> Result<Taken> {
        loop {
            let Some(append) = self.to_append(app, home, record).await? else {
                return Ok(Taken::Ignored);
            };
            match app.backend().append(append).await {
                // The outbox wrote to the instance in between.
                Err(error) if error.kind() == ErrorKind::WrongExpectedVersion => {}
                appended => return appended.map(|_| Taken::Written),
            }
        }
    }

    async fn to_append(
        &self,
        app: &Annals,
        home: &Home,
        record: &RecordedEvent,
    ) -> Result<Option<Append>> {
        let mut reacting: Vec<Reacting> = Vec::new();
        for (stream, input) in inputs::<P>(home, &app.store, record).await? {
            let known = reacting.iter().position(|reacting| *reacting.stream() == stream);
            let index = match known {
                Some(index) => index,
                None => {
                    let instance = match Instance::load(&**app.backend(), &stream).await {
                        // A tombstoned instance takes nothing any more.
                        Err(error) if is_gone(&error) => continue,
                        instance => instance?,
                    };
                    reacting.push(Reacting::new(stream, instance));
                    reacting.len() - 1
                }
            };
            if let Some(instance) = reacting.get_mut(index) {
                instance
                    .take::<P>(&input)
                    .map_err(|error| error.with("instance", instance.stream()))?;
            }
        }
        let writes: Vec<_> = reacting.into_iter().filter_map(Reacting::into_write).collect();
        if writes.is_empty() {
            return Ok(None);
        }
        let append = Append { writes, ..home.progress(record.position) };
        Ok(Some(append))
    }

    fn failed_at(&self, record: &RecordedEvent, error: Error) -> Error {
        self.board.inbox_stands_at(record.position);
        error.with("input", record.id).with("position", record.position)
    }
}

impl<P: Process> Service for Inbox<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, capabilities: Capabilities) -> Result<()> {
        self.home.clone()?;
        Senders::of::<P::Sends>()?;
        if capabilities.append_conditions && capabilities.append_multi_stream {
            return Ok(());
        }
        let message = format!(
            "process manager `{}` needs a store with append conditions and appends to several \
             streams, which this one has not; use another store",
            P::NAME
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    fn run(self: Box<Self>, app: Annals, stop: Stop) {
        let Ok(home) = self.home.clone() else { return };
        while !stop.is_set() {
            let told = self.board.told();
            let ended =
                lease::acquire(&app.store, &self.name, lease::TTL, &stop).and_then(|held| {
                    let Some(held) = held else { return Ok(()) };
                    let following = self.follow(&app, &home, &stop, &held);
                    block_on_until(following, None).unwrap_or(Ok(()))
                });
            match ended {
                Err(error) if error.kind() == ErrorKind::ConditionFailed => {
                    tracing::debug!(process = P::NAME, %error, "another inbox went ahead");
                }
                Err(error) => {
                    let until = self.board.inbox_failed(&error);
                    block_on_until(or(stop.wait(), told), until);
                }
                Ok(()) => {}
            }
        }
    }
}

/// Nothing more comes once it is time to stop.
async fn wait<T>(stop: &Stop) -> Option<T> {
    stop.wait().await;
    None
}
