//! What the measurements share: a runtime, a server, and all contenders with the same events.

use std::{future::Future, path::Path, sync::Arc};

use tokio::runtime::{Builder, Runtime};

use super::{
    by_hand::{ByHand, OneInsert},
    copy::Copy,
    fill::{self, Fill},
    on_disintegrate::OnDisintegrate,
    on_postgres_es::OnPostgresEs,
    ours::Ours,
    server::Server,
    store::Store,
};
use crate::{
    args::PostgresArgs,
    engine::{bench::Bench, scale::Scale},
    machine::file_system,
    problem::Result,
    suite,
    workload::{Ids, Workload},
};

/// Connections in the pool of a peer: as many as it does best with, tried from 1 to 32.
const BY_HAND: u32 = 16;
const ON_DISINTEGRATE: u32 = 8;
const ON_POSTGRES_ES: u32 = 16;

pub(super) type Contender = Arc<dyn Store>;

pub(super) struct Setting {
    contenders: Contenders,
    server: Server,
    runtime: Arc<Runtime>,
    pub(super) scale: Scale,
    pub(super) filled: Fill,
    workload: Workload,
}

pub(super) struct Contenders {
    pub(super) ours: Contender,
    pub(super) peers: Vec<Contender>,
    /// The least there can be for one event.
    pub(super) one_insert: Contender,
    /// It writes only, and into tables like ours.
    pub(super) copy: Contender,
}

impl Setting {
    /// Finds the server, and makes and fills everybody's database on it.
    pub(super) fn new(bench: &Bench, args: &PostgresArgs) -> Result<Self> {
        let runtime = Arc::new(Builder::new_multi_thread().enable_all().build()?);
        let mut server = Server::find(Arc::clone(&runtime), args)?;
        let contenders = runtime.block_on(Contenders::create(&mut server))?;
        let scale = bench.scale.clone();
        let (filled, appends) = Fill::new(scale.events / 10)?;
        for store in contenders.everybody() {
            eprintln!("      filling {} with {} events", store.name(), filled.events);
            runtime.block_on(fill::put(store.as_ref(), &appends))?;
        }
        runtime.block_on(server.settle())?;
        let workload = Workload::new(0).with_ids(Ids::Default);
        Ok(Self { contenders, server, runtime, scale, filled, workload })
    }

    pub(super) const fn contenders(&self) -> &Contenders {
        &self.contenders
    }

    /// A series of events with streams of its own, the same for everybody who asks for it.
    pub(super) fn writer(&self, seed: u64) -> Workload {
        self.workload.sibling(seed)
    }

    /// Runs on the threads of the runtime, as a server's tasks do.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.runtime.block_on(self.runtime.spawn(work))?
    }
}

impl suite::Setting for Setting {
    fn about(&self) -> Option<String> {
        Some(self.server.about.clone())
    }

    fn file_system(&self, _: &Path) -> Option<String> {
        self.server.data().and_then(file_system)
    }
}

impl Contenders {
    async fn create(server: &mut Server) -> Result<Self> {
        let ours = Ours::open(&server.database("ours").await?).await?;
        let by_hand = ByHand::create(&server.database("by_hand").await?, BY_HAND).await?;
        let url = server.database("disintegrate").await?;
        let on_disintegrate = OnDisintegrate::create(&url, ON_DISINTEGRATE).await?;
        let url = server.database("postgres_es").await?;
        let on_postgres_es = OnPostgresEs::create(&url, ON_POSTGRES_ES).await?;
        let one_insert = Arc::new(OneInsert(by_hand.clone()));
        let copy = Copy::create(&server.database("copy").await?).await?;
        let peers: Vec<Contender> =
            vec![Arc::new(by_hand), Arc::new(on_disintegrate), Arc::new(on_postgres_es)];
        Ok(Self { ours: Arc::new(ours), peers, one_insert, copy: Arc::new(copy) })
    }

    /// Ours first, then the peers.
    pub(super) fn everybody(&self) -> Vec<Contender> {
        std::iter::once(&self.ours).chain(&self.peers).map(Arc::clone).collect()
    }
}
