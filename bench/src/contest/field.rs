//! What the contenders of a suite share: a runtime and the same events.

use std::{future::Future, sync::Arc};

use annals_core::Append;
use tokio::runtime::{Builder, Runtime};

use super::{
    fill::{self, Fill},
    store::{Contender, Deed},
};
use crate::{
    engine::scale::Scale,
    problem::Result,
    suite,
    workload::{Ids, Workload},
};

/// Contenders that are filled and can be measured.
pub(crate) trait Field: suite::Setting {
    fn ground(&self) -> &Ground;

    /// Who is measured beside whom.
    fn matches(&self, deed: Deed) -> Vec<Match>;
}

/// Ours beside another one.
pub(crate) struct Match {
    pub(crate) ours: Contender,
    pub(crate) theirs: Contender,
    /// What to add to the name of the row.
    pub(crate) how: Option<&'static str>,
}

/// Ours beside each of these.
pub(crate) fn each(ours: &Contender, peers: &[&Contender]) -> Vec<Match> {
    let beside = |theirs: &&Contender| Match {
        ours: Contender::clone(ours),
        theirs: Contender::clone(theirs),
        how: None,
    };
    peers.iter().map(beside).collect()
}

/// The same for everybody.
pub(crate) struct Ground {
    runtime: Arc<Runtime>,
    pub(crate) scale: Scale,
    pub(crate) filled: Fill,
    workload: Workload,
}

impl Ground {
    /// A runtime with a thread for each core.
    pub(crate) fn runtime() -> Result<Arc<Runtime>> {
        Ok(Arc::new(Builder::new_multi_thread().enable_all().build()?))
    }

    /// Fills everybody with the same events.
    pub(crate) fn fill(
        runtime: Arc<Runtime>,
        scale: &Scale,
        (filled, appends): (Fill, Vec<Append>),
        contenders: &[Contender],
    ) -> Result<Self> {
        for store in contenders {
            eprintln!("      filling {} with {} events", store.name(), filled.events);
            runtime.block_on(fill::put(store.as_ref(), &appends))?;
        }
        let workload = Workload::new(0).with_ids(Ids::Default);
        Ok(Self { runtime, scale: scale.clone(), filled, workload })
    }

    /// A series of events with streams of its own, the same for everybody who asks for it.
    pub(crate) fn writer(&self, seed: u64) -> Workload {
        self.workload.sibling(seed)
    }

    /// Runs on the threads of the runtime, as a server's tasks do.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.runtime.block_on(self.runtime.spawn(work))?
    }
}
