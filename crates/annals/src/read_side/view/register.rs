//! Registering views.

use std::{any::TypeId, sync::Arc};

use super::{DocumentStore, View, documents::Documents, folder::Folder, live::Live};
use crate::{
    Builder,
    read_side::{Registered, Run, board::Board, registered::Entry, run::Mode, runner::Runner},
};

/// A view that an application has.
#[derive(Clone)]
pub(crate) struct RegisteredView {
    /// Which type it is.
    pub(in crate::read_side) of: TypeId,
    /// Its documents; `None` for a live view.
    pub(super) documents: Option<Arc<dyn Documents>>,
    pub(in crate::read_side) projection: Arc<dyn Registered>,
}

impl Builder {
    /// Keeps the documents of a view up to date in a database, run as `run` says; with
    /// [`Run::live`] it stores nothing.
    ///
    /// In SQLite they are in a table with the columns `key`, `document` (JSON) and `position` (of
    /// the last event in it), behind an SQL view with the name of the view. So
    /// `SELECT key, document ->> 'cents' FROM balances` works from any program.
    ///
    /// With partitions, two of them may write the same document; nothing is lost then, but events
    /// of one document keep their order only when they are in one partition.
    ///
    /// What is wrong with it shows when the application is built: [`Run::inline`] is refused unless
    /// events and documents are in one store on PostgreSQL.
    #[must_use]
    pub fn view<V: View>(mut self, store: &impl DocumentStore, run: Run<V::Event>) -> Self {
        if run.mode == Mode::Live {
            return self.live_view::<V>();
        }
        let (projection, board) = (Folder::<V, _>::new(), Board::default());
        let entry = Arc::new(Entry { projection, store: store.clone(), run, board });
        self.services.push(Box::new(Runner(Arc::clone(&entry))));
        self.projections.push(Arc::clone(&entry) as _);
        let documents = Some(Arc::clone(&entry) as _);
        self.views.push(RegisteredView { of: TypeId::of::<V>(), documents, projection: entry });
        self
    }

    /// Folds the documents of a view from the log whenever they are read. That is always up to
    /// date, and takes as long as reading the events that [`View::query`] finds; all events of
    /// the view for what is not about one key.
    #[must_use]
    pub fn live_view<V: View>(mut self) -> Self {
        let live = Arc::new(Live::<V>::new());
        self.projections.push(Arc::clone(&live) as _);
        self.views.push(RegisteredView {
            of: TypeId::of::<V>(),
            documents: None,
            projection: live,
        });
        self
    }
}
