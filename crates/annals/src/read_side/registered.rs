//! A projection as an application knows it.

use std::{any::TypeId, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use annals_core::{BoxFuture, Position, Query, QueryItem, Result};
use futures_lite::FutureExt;

use super::{
    DeadLetter, Model, Projection, ProjectionStatus, ReadStore, Run, board::Board,
    in_append::InAppend, names, run::Mode,
};
use crate::{BoxError, Builder, Event, Recorded, app::Store, guard::panicked};

/// A projection with its database, how it is run, and how it goes.
pub(super) struct Entry<P: Projection> {
    pub(super) projection: P,
    pub(super) store: P::Store,
    pub(super) run: Run<P::Event>,
    pub(super) board: Board,
}

/// A registered projection of any type; [`ProjectionHandle`](super::ProjectionHandle) says what
/// the methods do.
pub(crate) trait Registered: Send + Sync {
    fn name(&self) -> &'static str;
    /// Which type it is.
    fn of(&self) -> TypeId;
    /// What is wrong with it and does not show in what it runs.
    fn check(&self) -> Result<()> {
        Ok(())
    }
    /// Makes it part of every append, if it is to be.
    fn install(self: Arc<Self>, store: &Arc<Store>) -> Result<()>;
    fn status<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<ProjectionStatus>>;
    fn reach<'a>(
        &'a self,
        store: &'a Store,
        position: Option<Position>,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<()>>;
    fn resume(&self) -> Result<()>;
    fn letters(&self) -> BoxFuture<'_, Result<Vec<DeadLetter>>>;
    fn retry<'a>(&'a self, store: &'a Store, letter: &'a DeadLetter) -> BoxFuture<'a, Result<()>>;
    fn discard<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<()>>;
    fn rebuild<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<Model>>;
    fn switched<'a>(
        &'a self,
        store: &'a Store,
        to: &'a Model,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<()>>;
    fn drop_old(&self) -> BoxFuture<'_, Result<Vec<Model>>>;
}

impl<P: Projection> Registered for Entry<P> {
    fn of(&self) -> TypeId {
        TypeId::of::<P>()
    }

    fn name(&self) -> &'static str {
        P::NAME
    }

    fn install(self: Arc<Self>, store: &Arc<Store>) -> Result<()> {
        if self.run.mode != Mode::Inline {
            return Ok(());
        }
        store.backend.install_inline(Arc::new(InAppend::new(self, store)))
    }

    fn status<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<ProjectionStatus>> {
        Box::pin(self.look_at_status(store))
    }

    fn reach<'a>(
        &'a self,
        store: &'a Store,
        position: Option<Position>,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.wait_to_reach(store, position, timeout))
    }

    fn resume(&self) -> Result<()> {
        self.check_here()?;
        self.board.resume();
        Ok(())
    }

    fn letters(&self) -> BoxFuture<'_, Result<Vec<DeadLetter>>> {
        Box::pin(self.list_letters())
    }

    fn retry<'a>(&'a self, store: &'a Store, letter: &'a DeadLetter) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.retry_letter(store, letter))
    }

    fn discard<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.discard_letter(letter))
    }

    fn rebuild<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<Model>> {
        Box::pin(self.begin_rebuild(store))
    }

    fn switched<'a>(
        &'a self,
        store: &'a Store,
        to: &'a Model,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.wait_to_switch(store, to, timeout))
    }

    fn drop_old(&self) -> BoxFuture<'_, Result<Vec<Model>>> {
        Box::pin(self.drop_replaced())
    }
}

impl<P: Projection> Entry<P> {
    pub(super) fn check(&self, can_inline: bool) -> Result<()> {
        names::check("the projection", P::NAME)?;
        for table in P::TABLES {
            names::check("the table", table)?;
        }
        self.run.check(P::NAME)?;
        self.run.check_start(P::NAME)?;
        self.run.check_mode(P::NAME, can_inline, P::Store::JOINS_APPENDS)
    }

    /// The events it wants, as they may be stored.
    pub(super) fn query(&self, store: &Store) -> Result<Query> {
        Query::any_of([QueryItem::types(store.upcasters.stored_types(P::Event::TYPES))])
    }

    pub(super) fn model(generation: u32) -> Model {
        Model { projection: P::NAME.to_owned(), version: P::VERSION, generation }
    }

    /// One active runner for each version in each database.
    pub(super) fn lease_name(&self) -> String {
        format!("projection:{}:{}:{}", self.store.id(), P::NAME, P::VERSION)
    }

    /// Runs the projection on one event; a panic is an error like any other.
    pub(super) async fn apply(
        &self,
        event: &Recorded<P::Event>,
        tx: &mut <P::Store as ReadStore>::Tx,
    ) -> Result<(), BoxError> {
        // A projection is shared between threads, so what it keeps is behind a lock or constant,
        // and what it did in the transaction is undone.
        AssertUnwindSafe(async { self.projection.apply(event, tx).await })
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(panicked("applying an event", panic.as_ref()).into()))
    }

    /// Lets the projection write what it has gathered.
    pub(super) async fn finish(
        &self,
        tx: &mut <P::Store as ReadStore>::Tx,
    ) -> Result<(), BoxError> {
        AssertUnwindSafe(async { self.projection.finish(tx).await })
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(panicked("finishing a batch", panic.as_ref()).into()))
    }
}

impl Builder {
    /// Keeps a projection up to date in a database, run as `run` says.
    ///
    /// What is wrong with it shows when the application is built.
    #[must_use]
    pub fn projection<P: Projection>(
        mut self,
        projection: P,
        store: &P::Store,
        run: Run<P::Event>,
    ) -> Self {
        let board = Board::default();
        let entry = Arc::new(Entry { projection, store: store.clone(), run, board });
        self.services.push(Box::new(super::runner::Runner(Arc::clone(&entry))));
        self.projections.push(entry);
        self
    }
}
