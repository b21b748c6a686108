//! The handle of a view: reading its documents.

use std::{any::TypeId, collections::BTreeMap, fmt, marker::PhantomData, time::Duration};

use annals_core::{BoxStream, Error, Result};

use super::{Get, RegisteredView, View, fold, list};
use crate::{Annals, At, ProjectionHandle};

/// A view of this application.
///
/// Reading sees the documents that are live: those of an older version while a new one is being
/// built beside them. What of them does not fit the type is `Undecodable`.
#[derive(Clone)]
pub struct ViewHandle<V> {
    pub(super) app: Annals,
    pub(super) registered: Result<RegisteredView>,
    of: PhantomData<fn() -> V>,
}

impl Annals {
    /// The handle of a view. When it is not registered, whatever is asked of the handle is
    /// answered with `InvalidArgument`.
    #[must_use]
    pub fn view<V: View>(&self) -> ViewHandle<V> {
        let known = self.store.views.iter().find(|view| view.of == TypeId::of::<V>());
        let registered = known.cloned().ok_or_else(|| {
            Error::invalid(format!(
                "view `{}` is not registered here; register it with `Annals::builder().view(..)` \
                 or `live_view()`",
                V::NAME
            ))
        });
        ViewHandle { app: self.clone(), registered, of: PhantomData }
    }
}

impl<V: View> ViewHandle<V> {
    /// Reads one document, now or as of a past moment. Set the details on what this gives, then
    /// await it.
    pub const fn get<'a>(&'a self, key: &'a V::Key) -> Get<'a, V> {
        Get::new(self, key)
    }

    /// At most `limit` documents, in byte order of the keys' texts. They are read as they are
    /// asked for, some hundred at a time, so they need not be of one moment.
    ///
    /// # Errors
    /// As items: those of the database, `Undecodable`.
    #[must_use]
    pub fn all(&self, limit: u64) -> BoxStream<'static, Result<(String, V)>> {
        list::documents(self, limit)
    }

    /// At most `limit` keys, as they are stored, in byte order.
    ///
    /// # Errors
    /// As items: those of the database.
    #[must_use]
    pub fn keys(&self, limit: u64) -> BoxStream<'static, Result<String>> {
        list::keys(self, limit)
    }

    /// How many documents there are.
    ///
    /// # Errors
    /// Those of the database, or of folding.
    pub async fn count(&self) -> Result<u64> {
        match &self.registered()?.documents {
            Some(documents) => documents.count().await,
            None => Ok(self.folded().await?.len() as u64),
        }
    }

    /// All documents as of a moment, folded from the log in memory.
    ///
    /// # Errors
    /// `InvalidArgument` for [`At::Version`], `Undecodable`, `Application` when the fold panics,
    /// and those of reading.
    pub async fn all_at(&self, at: At) -> Result<BTreeMap<String, V>> {
        self.registered()?;
        fold::all(&self.app.store, at).await
    }

    /// Waits until everything that was written before this call is in the documents.
    ///
    /// # Errors
    /// Those of [`ProjectionHandle::fresh`].
    pub async fn fresh(&self, timeout: Duration) -> Result<()> {
        self.registered()?.projection.reach(&self.app.store, None, timeout).await
    }

    /// The projection that keeps the documents: how it goes, rebuilding, dead letters.
    ///
    /// # Errors
    /// `InvalidArgument` when the view is not registered.
    pub fn projection(&self) -> Result<ProjectionHandle> {
        self.app.projection_named(V::NAME)
    }

    pub(super) fn registered(&self) -> Result<&RegisteredView> {
        self.registered.as_ref().map_err(Clone::clone)
    }

    pub(super) async fn folded(&self) -> Result<BTreeMap<String, V>> {
        fold::all(&self.app.store, At::Latest).await
    }
}

impl<V: View> fmt::Debug for ViewHandle<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewHandle").field("name", &V::NAME).finish_non_exhaustive()
    }
}
