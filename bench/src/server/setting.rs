//! What the measurements share: the servers, and a client for each that is filled with the same
//! events.

use std::sync::Arc;

use annals_remote::{Options, Remote};
use tokio::runtime::Handle;

use super::{
    on_sierradb::OnSierradb, over_kurrentdb::OverKurrentdb, over_umadb::OverUmadb,
    programs::Programs,
};
use crate::{
    args::ServerArgs,
    contest::{
        field::{self, Field, Ground, Match},
        fill::Fill,
        ours::Ours,
        store::{Contender, Deed},
    },
    engine::bench::Bench,
    problem::Result,
    suite,
};

pub(super) struct Setting {
    contenders: Contenders,
    ground: Ground,
    _programs: Programs,
    /// With the folder that the servers are in.
    _bench: Bench,
}

struct Contenders {
    /// By Annals' own protocol.
    ours: Contender,
    empty: Contender,
    empty_with_sync: Contender,
    over_umadb: Contender,
    empty_umadb: Contender,
    over_kurrentdb: Contender,
    empty_kurrentdb: Contender,
    umadb: Option<Contender>,
    sierradb: Option<Contender>,
}

impl Setting {
    /// Starts and fills everybody.
    pub(super) fn new(bench: Bench, args: &ServerArgs) -> Result<Self> {
        let runtime = Ground::runtime()?;
        let filled = Fill::new(bench.scale.events / 10)?;
        let programs = Programs::start(bench.dir(), filled.0.events, args)?;
        let contenders = runtime.block_on(Contenders::connect(&programs))?;
        let ground = Ground::fill(runtime, &bench.scale, filled, &contenders.filled())?;
        Ok(Self { contenders, ground, _programs: programs, _bench: bench })
    }
}

impl Field for Setting {
    fn ground(&self) -> &Ground {
        &self.ground
    }

    fn matches(&self, deed: Deed) -> Vec<Match> {
        let all = &self.contenders;
        let theirs: Vec<_> =
            [&all.empty].into_iter().chain(&all.umadb).chain(&all.sierradb).collect();
        let mut matches = field::each(&all.ours, &theirs);
        if matches!(deed, Deed::Lone | Deed::Condition | Deed::Bulk | Deed::Live) {
            matches.extend(field::each(&all.ours, &[&all.empty_with_sync]));
        }
        let by = |how, ours, theirs: &[&Contender]| {
            let matches = field::each(ours, theirs).into_iter();
            matches.map(move |pair| Match { how: Some(how), ..pair })
        };
        let theirs: Vec<_> = [&all.empty_umadb].into_iter().chain(&all.umadb).collect();
        matches.extend(by("by UmaDB's protocol", &all.over_umadb, &theirs));
        let theirs = [&all.empty_kurrentdb];
        matches.extend(by("by KurrentDB's protocol", &all.over_kurrentdb, &theirs));
        matches
    }
}

impl suite::Setting for Setting {
    fn about(&self) -> Option<String> {
        Some("UmaDB 0.7.8, SierraDB 0.3.1".to_owned())
    }
}

impl Contenders {
    async fn connect(programs: &Programs) -> Result<Self> {
        let Programs { annals, annals_for_umadb, annals_for_kurrentdb, empty, .. } = programs;
        let over_umadb = OverUmadb::connect("annals", ours, annals_for_umadb.port()).await?;
        let empty_umadb = OverUmadb::connect(EMPTY, of_empty, empty.port()).await?;
        let umadb: Option<Contender> = match &programs.umadb {
            Some(program) => {
                Some(Arc::new(OverUmadb::connect("UmaDB", of_umadb, program.port()).await?))
            }
            None => None,
        };
        let sierradb: Option<Contender> = match &programs.sierradb {
            Some(program) => Some(Arc::new(OnSierradb::connect(program.port()).await?)),
            None => None,
        };
        let kurrentdb = annals_for_kurrentdb.port();
        let over_kurrentdb = OverKurrentdb::connect("annals", ours, kurrentdb).await?;
        let empty_kurrentdb = OverKurrentdb::connect(EMPTY, of_empty, empty.port()).await?;
        let with_sync = "empty service that syncs";
        Ok(Self {
            ours: Arc::new(remote("annals", ours, annals.port()).await?),
            empty: Arc::new(remote(EMPTY, of_empty, empty.port()).await?),
            empty_with_sync: Arc::new(
                remote(with_sync, of_empty, programs.empty_with_sync.port()).await?,
            ),
            over_umadb: Arc::new(over_umadb),
            empty_umadb: Arc::new(empty_umadb),
            over_kurrentdb: Arc::new(over_kurrentdb),
            empty_kurrentdb: Arc::new(empty_kurrentdb),
            umadb,
            sierradb,
        })
    }

    /// Those who keep what they are given.
    fn filled(&self) -> Vec<Contender> {
        let ours = [&self.ours, &self.over_umadb, &self.over_kurrentdb].into_iter();
        ours.chain(&self.umadb).chain(&self.sierradb).map(Contender::clone).collect()
    }
}

const EMPTY: &str = "empty service";

/// Ours is what the others are compared with.
const fn ours(_: Deed) -> Option<f64> {
    None
}

const fn of_empty(_: Deed) -> Option<f64> {
    Some(0.7)
}

const fn of_umadb(deed: Deed) -> Option<f64> {
    Some(match deed {
        Deed::Load | Deed::ReadAll | Deed::ReadTag | Deed::CatchUp => 2.0,
        Deed::Lone | Deed::Condition => 1.5,
        Deed::Crowd | Deed::Bulk => 5.0,
        Deed::Live => 1.0,
    })
}

/// A client of Annals' own protocol.
async fn remote(name: &'static str, target: fn(Deed) -> Option<f64>, port: u16) -> Result<Ours> {
    // Like everybody here, on the runtime of the benchmark.
    let options = Options { runtime: Some(Handle::current()), ..Options::default() };
    let url = format!("annals://127.0.0.1:{port}?tls=false");
    let remote = Remote::open(&url, options).await?;
    Ok(Ours::new(name, Arc::new(remote)).with_target(target))
}
