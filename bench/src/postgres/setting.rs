//! What the measurements share: a server, and all contenders with the same events.

use std::{path::Path, sync::Arc};

use super::{
    by_hand::{ByHand, OneInsert},
    copy::Copy,
    on_disintegrate::OnDisintegrate,
    on_postgres_es::OnPostgresEs,
    server::{Server, open_ours},
};
use crate::{
    args::PostgresArgs,
    contest::{
        field::{self, Field, Ground, Match},
        fill::Fill,
        ours::Ours,
        store::{Contender, Deed},
    },
    engine::bench::Bench,
    machine::file_system,
    problem::Result,
    suite,
};

/// Connections in the pool of a peer: as many as it does best with, tried from 1 to 32.
const BY_HAND: u32 = 16;
const ON_DISINTEGRATE: u32 = 8;
const ON_POSTGRES_ES: u32 = 16;

pub(super) struct Setting {
    contenders: Contenders,
    server: Server,
    ground: Ground,
}

struct Contenders {
    ours: Contender,
    peers: Vec<Contender>,
    /// The least there can be for one event.
    one_insert: Contender,
    /// It writes only, and into tables like ours.
    copy: Contender,
}

impl Setting {
    /// Finds the server, and makes and fills everybody's database on it.
    pub(super) fn new(bench: &Bench, args: &PostgresArgs) -> Result<Self> {
        let runtime = Ground::runtime()?;
        let filled = Fill::new(bench.scale.events / 10)?;
        let mut server = Server::find(Arc::clone(&runtime), args)?;
        let contenders = runtime.block_on(Contenders::create(&mut server))?;
        let ground =
            Ground::fill(Arc::clone(&runtime), &bench.scale, filled, &contenders.everybody())?;
        runtime.block_on(server.settle())?;
        Ok(Self { contenders, server, ground })
    }

    pub(super) const fn ours(&self) -> &Contender {
        &self.contenders.ours
    }
}

impl Field for Setting {
    fn ground(&self) -> &Ground {
        &self.ground
    }

    fn matches(&self, deed: Deed) -> Vec<Match> {
        let Contenders { ours, peers, one_insert, copy } = &self.contenders;
        let mut others: Vec<_> = peers.iter().collect();
        match deed {
            Deed::Lone => others.push(one_insert),
            Deed::Bulk => others.push(copy),
            _ => {}
        }
        field::each(ours, &others)
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
        let ours = Ours::new("annals", open_ours(&server.database("ours").await?).await?);
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
    fn everybody(&self) -> Vec<Contender> {
        std::iter::once(&self.ours).chain(&self.peers).map(Arc::clone).collect()
    }
}
