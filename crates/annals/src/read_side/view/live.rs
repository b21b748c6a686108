//! A live view as an application knows it: there is nothing to run, so it is never behind.

use std::{any::TypeId, marker::PhantomData, sync::Arc, time::Duration};

use annals_core::{BoxFuture, Error, ErrorKind, Position, Result};

use super::View;
use crate::{
    app::Store,
    read_side::{DeadLetter, Lag, Model, ProjectionState, ProjectionStatus, Registered, names},
};

/// A registered live view.
pub(super) struct Live<V>(PhantomData<fn() -> V>);

impl<V: View> Live<V> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }

    fn nothing_stored<T>(what: &str) -> Result<T> {
        let message = format!("view `{}` is live, so there is nothing to {what}", V::NAME);
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    async fn look(store: &Store) -> Result<ProjectionStatus> {
        Ok(ProjectionStatus {
            name: V::NAME.to_owned(),
            version: V::VERSION,
            state: ProjectionState::CaughtUp,
            model: None,
            live: None,
            building: None,
            checkpoint: store.backend.head().await?,
            lag: Lag::default(),
            has_other_code: false,
            dead_letters: 0,
            errors: 0,
            last_error: None,
        })
    }
}

impl<V: View> Registered for Live<V> {
    fn of(&self) -> TypeId {
        TypeId::of::<V>()
    }

    fn name(&self) -> &'static str {
        V::NAME
    }

    fn check(&self) -> Result<()> {
        names::check("the view", V::NAME)
    }

    fn install(self: Arc<Self>, _store: &Arc<Store>) -> Result<()> {
        Ok(())
    }

    fn status<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<ProjectionStatus>> {
        Box::pin(Self::look(store))
    }

    fn reach<'a>(
        &'a self,
        _store: &'a Store,
        _position: Option<Position>,
        _timeout: Duration,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn resume(&self) -> Result<()> {
        Ok(())
    }

    fn letters(&self) -> BoxFuture<'_, Result<Vec<DeadLetter>>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn retry<'a>(&'a self, _: &'a Store, _: &'a DeadLetter) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Self::nothing_stored("retry")))
    }

    fn discard<'a>(&'a self, _: &'a DeadLetter) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Self::nothing_stored("discard")))
    }

    fn rebuild<'a>(&'a self, _: &'a Store) -> BoxFuture<'a, Result<Model>> {
        Box::pin(std::future::ready(Self::nothing_stored("rebuild")))
    }

    fn switched<'a>(
        &'a self,
        _store: &'a Store,
        _to: &'a Model,
        _timeout: Duration,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Self::nothing_stored("switch to")))
    }

    fn drop_old(&self) -> BoxFuture<'_, Result<Vec<Model>>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}
