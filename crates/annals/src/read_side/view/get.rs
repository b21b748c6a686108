//! Reading one document: now, after one's own writes, or as of the past.

use std::{fmt, future::IntoFuture, time::Duration};

use annals_core::{BoxFuture, ErrorKind, Result};

use super::{View, ViewHandle, fold, folder};
use crate::At;

/// A document about to be read. Set the details, then await it; it is `None` when there is none.
#[must_use = "nothing is read until this is awaited"]
pub struct Get<'a, V: View> {
    view: &'a ViewHandle<V>,
    key: &'a V::Key,
    at: At,
    fresh: Option<Duration>,
    late: Late,
}

/// What to do when the view does not catch up in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Late {
    Fail,
    Stale,
}

impl<'a, V: View> Get<'a, V> {
    pub(super) const fn new(view: &'a ViewHandle<V>, key: &'a V::Key) -> Self {
        Self { view, key, at: At::Latest, fresh: None, late: Late::Fail }
    }

    /// Waits until everything that was written before is in the documents: your own writes, too.
    /// When that takes longer, it is a `Timeout`.
    pub const fn fresh(mut self, timeout: Duration) -> Self {
        self.fresh = Some(timeout);
        self
    }

    /// Gives what there is when the documents do not get [`fresh`](Self::fresh) in time, or are
    /// not kept up to date at present.
    pub const fn or_stale(mut self) -> Self {
        self.late = Late::Stale;
        self
    }

    /// The document as it was at a moment, folded from the log with today's code, as far as
    /// [`View::query`] says where to look. What is stored is not touched. [`At::Version`] is
    /// `InvalidArgument`, because the events are of many streams.
    pub const fn at(mut self, at: At) -> Self {
        self.at = at;
        self
    }

    async fn read(self) -> Result<Option<V>> {
        let registered = self.view.registered()?;
        let store = &self.view.app.store;
        let (Some(documents), At::Latest) = (&registered.documents, self.at) else {
            return fold::one(store, self.key, self.at).await;
        };
        if let Some(timeout) = self.fresh {
            match registered.projection.reach(store, None, timeout).await {
                Err(error) if self.late == Late::Stale && is_late(error.kind()) => {}
                reached => reached?,
            }
        }
        let key = self.key.to_string();
        let text = documents.document(&key).await?;
        text.map(|text| folder::decode(&key, &text)).transpose()
    }
}

fn is_late(kind: ErrorKind) -> bool {
    [ErrorKind::Timeout, ErrorKind::Unavailable].contains(&kind)
}

impl<'a, V: View> IntoFuture for Get<'a, V> {
    type Output = Result<Option<V>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.read())
    }
}

impl<V: View> fmt::Debug for Get<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("view", &V::NAME).field("at", &self.at).finish_non_exhaustive()
    }
}
