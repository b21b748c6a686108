//! A reactor as an application knows it.

use std::{
    any::TypeId,
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use annals_core::{BoxFuture, Error, ErrorKind, Position, Query, Result};
use async_io::Timer;
use futures_lite::{FutureExt, future};
use parking_lot::Mutex;

use super::{
    Nack, Reactor, ReactorStatus, SetAside, checkpoint::Checkpoint, lead::Runner, letters::Letters,
};
use crate::{
    Annals, Builder, Recorded,
    app::Store,
    guard::panicked,
    read_side::{
        Lag, Run,
        board::{Board, Phase},
        lag::{lag, last_that_matters},
        watch::state,
    },
    trace::Operation,
};

/// A reactor with how it is run and how it goes.
pub(super) struct Entry<R: Reactor> {
    pub(super) reactor: R,
    pub(super) run: Run<R::Event>,
    pub(super) board: Board,
    /// How far the partitions that run here have come.
    pub(super) places: Mutex<BTreeMap<u32, Option<Position>>>,
}

/// A registered reactor of any type; [`ReactorHandle`](super::ReactorHandle) says what the methods
/// do.
pub(crate) trait RegisteredReactor: Send + Sync {
    fn of(&self) -> TypeId;
    fn name(&self) -> &'static str;
    fn status<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<ReactorStatus>>;
    fn caught_up<'a>(&'a self, store: &'a Store, timeout: Duration) -> BoxFuture<'a, Result<()>>;
    fn resume(&self) -> Result<()>;
    fn letters<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<Vec<SetAside>>>;
    fn retry<'a>(&'a self, app: &'a Annals, letter: &'a SetAside) -> BoxFuture<'a, Result<()>>;
    fn discard<'a>(&'a self, store: &'a Store, letter: &'a SetAside) -> BoxFuture<'a, Result<()>>;
}

impl<R: Reactor> RegisteredReactor for Entry<R> {
    fn of(&self) -> TypeId {
        TypeId::of::<R>()
    }

    fn name(&self) -> &'static str {
        R::NAME
    }

    fn status<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<ReactorStatus>> {
        Box::pin(self.look(store))
    }

    fn caught_up<'a>(&'a self, store: &'a Store, timeout: Duration) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.wait(store, timeout))
    }

    fn resume(&self) -> Result<()> {
        self.board.change(|notes| notes.resumed += 1);
        Ok(())
    }

    fn letters<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<Vec<SetAside>>> {
        Box::pin(async move { Ok(Letters::load(&*store.backend, R::NAME).await?.list()) })
    }

    fn retry<'a>(&'a self, app: &'a Annals, letter: &'a SetAside) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.retry_letter(app, letter))
    }

    fn discard<'a>(&'a self, store: &'a Store, letter: &'a SetAside) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.discard_letter(store, letter))
    }
}

impl<R: Reactor> Entry<R> {
    /// The events it wants, as they may be stored.
    pub(super) fn query(store: &Store) -> Result<Query> {
        store.query_for::<R::Event>(None)
    }

    /// Runs the reactor on one event; a panic is a failure like any other.
    pub(super) async fn react(&self, event: &Recorded<R::Event>, app: &Annals) -> Result<(), Nack> {
        let app = app.consuming(R::NAME, event);
        let span = Operation::React.span_on(R::NAME, Some(event.stream()));
        span.position(Some(event.position()));
        // A reactor is shared between threads, so what it keeps is behind a lock or constant.
        let reaction = AssertUnwindSafe(async { self.reactor.react(event, &app).await });
        let reaction = async { Ok(reaction.catch_unwind().await) };
        let reacted = match span.run(reaction).await? {
            Ok(reacted) => reacted,
            Err(panic) => Err(panicked("reacting to an event", panic.as_ref()).into()),
        };
        reacted.inspect_err(|nack| span.failed(&nack.to_error()))
    }

    async fn look(&self, store: &Store) -> Result<ReactorStatus> {
        let mut checkpoint = None;
        for partition in 0..self.run.partitions {
            let found = Checkpoint::load(&*store.backend, R::NAME, partition).await?.position;
            let so_far = checkpoint.unwrap_or(found);
            checkpoint = Some(found.min(so_far));
        }
        let checkpoint = checkpoint.flatten();
        let place = self.place().unwrap_or(checkpoint).max(checkpoint);
        let lag = lag(store, Self::query(store)?, place).await?;
        let dead_letters = Letters::load(&*store.backend, R::NAME).await?.len();
        let (state, errors, last_error) =
            self.board.look(|notes| (state(notes, lag, None), notes.errors, notes.trouble.clone()));
        let name = R::NAME.to_owned();
        Ok(ReactorStatus { name, state, checkpoint, lag, dead_letters, errors, last_error })
    }

    /// How far all partitions that run here have come; `None` while one has not begun.
    fn place(&self) -> Option<Option<Position>> {
        let places = self.places.lock();
        let is_complete = places.len() == self.run.partitions as usize;
        places.values().min().copied().filter(|_| is_complete)
    }

    async fn wait(&self, store: &Store, timeout: Duration) -> Result<()> {
        let head = store.backend.head().await?;
        let Some(head) = head else { return Ok(()) };
        let target = last_that_matters(store, Self::query(store)?, Some(head)).await?;
        let Some(target) = target else { return Ok(()) };
        let begun = Instant::now();
        loop {
            let listener = self.board.listen();
            if self.place().is_some_and(|place| place >= Some(target)) {
                return Ok(());
            }
            self.check_running()?;
            let left = timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(self.late(store, timeout).await);
            }
            let timer = async {
                Timer::after(left).await;
            };
            future::or(listener, timer).await;
        }
    }

    /// Refuses to wait for what does not go on.
    fn check_running(&self) -> Result<()> {
        let held_up = self.board.look(|notes| match (notes.phase, notes.paused.values().next()) {
            (Phase::Stopped, _) => Some(("was stopped", None)),
            (Phase::Refused, _) => Some(("cannot run", notes.trouble.clone())),
            (_, Some(error)) => Some(("is paused", Some(error.clone()))),
            _ => None,
        });
        let Some((what, cause)) = held_up else { return Ok(()) };
        let reason = cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        let message = format!("reactor `{}` {what}{reason}", R::NAME);
        let error = Error::new(ErrorKind::Unavailable, message);
        Err(cause.map_or_else(|| error.clone(), |cause| error.clone().caused_by(cause)))
    }

    async fn late(&self, store: &Store, timeout: Duration) -> Error {
        let lag = self.look(store).await.map_or_else(|_| Lag::default(), |status| status.lag);
        let message = format!(
            "reactor `{}` is {lag} after a wait of {:.1} s; wait longer, or look at what holds it \
             up with its `status()`; it may run in another process",
            R::NAME,
            timeout.as_secs_f64()
        );
        Error::new(ErrorKind::Timeout, message)
    }
}

impl Builder {
    /// Runs a reactor as `run` says, always in the background. What is wrong with it shows when
    /// the application is built.
    ///
    /// Where it begins is decided when it first runs and stays; its number of partitions too.
    #[must_use]
    pub fn reactor<R: Reactor>(mut self, reactor: R, run: Run<R::Event>) -> Self {
        let (board, places) = (Board::default(), Mutex::default());
        let entry = Arc::new(Entry { reactor, run, board, places });
        self.services.push(Box::new(Runner::new(Arc::clone(&entry))));
        self.reactors.push(entry);
        self
    }
}
