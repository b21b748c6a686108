//! The handle of a projection: how it goes, and what it is told.

use std::{any::TypeId, fmt, sync::Arc, time::Duration};

use annals_core::{Error, Position, Result};

use super::{DeadLetters, Model, Projection, ProjectionStatus, Registered};
use crate::Annals;

/// A projection that is registered in this application.
#[derive(Clone)]
pub struct ProjectionHandle {
    pub(super) app: Annals,
    pub(super) entry: Arc<dyn Registered>,
}

impl Annals {
    /// The handle of a registered projection.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not registered.
    pub fn projection<P: Projection>(&self) -> Result<ProjectionHandle> {
        self.projection_named(P::NAME)
    }

    /// The handle of the registered projection of this name.
    ///
    /// # Errors
    /// `InvalidArgument` when there is none.
    pub fn projection_named(&self, name: &str) -> Result<ProjectionHandle> {
        let known = &self.store.projections;
        let entry = known.iter().find(|entry| entry.name() == name).ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|entry| entry.name()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Error::invalid(format!(
                "projection `{name}` is not registered here ({names} is); register it with \
                 `Annals::builder().projection(..)`"
            ))
        })?;
        Ok(ProjectionHandle { app: self.clone(), entry: Arc::clone(entry) })
    }

    /// The handle of the registered projection or view of a type.
    pub(crate) fn read_model(&self, of: TypeId, name: &str) -> Result<ProjectionHandle> {
        let views = self.store.views.iter().find(|view| view.of == of);
        let entry = views.map(|view| &view.projection).or_else(|| {
            let mut projections = self.store.projections.iter();
            projections.find(|entry| entry.of() == of)
        });
        let entry = entry.ok_or_else(|| {
            Error::invalid(format!(
                "`{name}` is no projection or view that is registered here; register it with \
                 `Annals::builder().projection(..)` or `view(..)`"
            ))
        })?;
        Ok(ProjectionHandle { app: self.clone(), entry: Arc::clone(entry) })
    }

    /// How all registered projections go, in the order they were registered.
    ///
    /// # Errors
    /// Those of [`ProjectionHandle::status`].
    pub async fn projections(&self) -> Result<Vec<ProjectionStatus>> {
        let mut statuses = Vec::new();
        for entry in &self.store.projections {
            statuses.push(entry.status(&self.store).await?);
        }
        Ok(statuses)
    }
}

impl ProjectionHandle {
    /// How it goes.
    ///
    /// # Errors
    /// Those of reading the database and the store.
    pub async fn status(&self) -> Result<ProjectionStatus> {
        self.entry.status(&self.app.store).await
    }

    /// Waits until everything that was written before this call is in the read model that queries
    /// see.
    ///
    /// # Errors
    /// `Timeout`, with the lag, when it takes longer; `Unavailable`, with the reason, when the
    /// projection is paused or stopped; those of reading.
    pub async fn fresh(&self, timeout: Duration) -> Result<()> {
        self.entry.reach(&self.app.store, None, timeout).await
    }

    /// Waits until everything up to a position is in the read model that queries see.
    ///
    /// # Errors
    /// Those of [`fresh`](Self::fresh).
    pub async fn reached(&self, position: Position, timeout: Duration) -> Result<()> {
        self.entry.reach(&self.app.store, Some(position), timeout).await
    }

    /// Goes on after a pause, from where the database says it stands.
    ///
    /// # Errors
    /// `Unavailable` when another process runs the projection: it has to be told there, or
    /// started again.
    pub fn resume(&self) -> Result<()> {
        self.entry.resume()
    }

    /// The events that were set aside.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters<'_> {
        DeadLetters(self)
    }

    /// Begins to build this version anew beside the one in use. When it has caught up, queries see
    /// it from one moment to the next. The old tables stay until [`drop_old`](Self::drop_old).
    /// Both are kept up to date meanwhile, so it catches up only when events are written more
    /// slowly than the two together are projected.
    ///
    /// # Errors
    /// `InvalidArgument` while one is being built already, `Unavailable` when another process runs
    /// the projection.
    pub async fn rebuild(&self) -> Result<Model> {
        self.entry.rebuild(&self.app.store).await
    }

    /// Waits until queries see a model, or a newer one, that has caught up once. They see the very
    /// first model of a projection before, while it is filled.
    ///
    /// # Errors
    /// Those of [`fresh`](Self::fresh).
    pub async fn switched(&self, to: &Model, timeout: Duration) -> Result<()> {
        self.entry.switched(&self.app.store, to, timeout).await
    }

    /// Drops the tables of the models that newer ones have replaced, and gives their names. A
    /// program of an older version that still runs would begin to build its own anew.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn drop_old(&self) -> Result<Vec<Model>> {
        self.entry.drop_old().await
    }
}

impl fmt::Debug for ProjectionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectionHandle").field("name", &self.entry.name()).finish_non_exhaustive()
    }
}
