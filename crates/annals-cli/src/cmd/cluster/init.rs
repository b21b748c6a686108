//! `annals cluster init`: the log of a new store.

use annals::cluster::{
    Begun, Genesis, begin,
    log::JetStreamLog,
    setup::{self, Initialized, LogState, Replicas, Setup, Severity},
    url::Target,
};
use serde::Serialize;

use super::{check, log::Log, size::Size};
use crate::{
    exit::Exit,
    failure::Result,
    output::{Item, Shape},
    progress::Progress,
    session::Session,
};

/// Make the log of a store, unless it is there
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals cluster init --at nats://a:4222,b:4222,c:4222/orders --max-bytes 100GiB\n  \
    annals cluster init --at nats://127.0.0.1:4222/try --replicas 1    one server, to try it\n\n\
    It makes a stream `ANNALS_STORE` in JetStream with the subject `annals.STORE.log`, writes its\n\
    first entry, looks the cluster over and prints what should be a choice. Where all is there\n\
    already it changes nothing.")]
pub(super) struct Args {
    /// On how many servers every entry is kept: 1, 3 or 5; 3 for a new log
    #[arg(long, value_name = "NUMBER", value_parser = replicas)]
    replicas: Option<Replicas>,
    /// The most that the log may have, such as `100GiB`; then it refuses appends, and drops nothing
    #[arg(long, value_name = "SIZE")]
    max_bytes: Option<Size>,
}

#[derive(Debug, Serialize)]
struct Row {
    store: String,
    stream: String,
    subject: String,
    replicas: u64,
    max_bytes: Option<u64>,
    made: bool,
    begun: bool,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] =
        &["STORE", "STREAM", "SUBJECT", "REPLICAS", "MAX BYTES", "MADE", "BEGUN"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.store.clone(),
            self.stream.clone(),
            self.subject.clone(),
            self.replicas.to_string(),
            self.max_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
            self.made.to_string(),
            self.begun.to_string(),
        ]
    }

    fn key(&self) -> String {
        self.stream.clone()
    }
}

fn replicas(text: &str) -> Result<Replicas, String> {
    let count: u64 = text.parse().map_err(|_| "write 1, 3 or 5".to_owned())?;
    Replicas::try_from(count).map_err(|error| error.to_string())
}

impl Args {
    /// What is asked for; what is not said is as it is found.
    fn setup(&self, found: Option<&LogState>) -> Setup {
        let there = found.and_then(|state| Replicas::try_from(state.replicas_wanted).ok());
        let most = found.and_then(|state| state.extent.bytes_max);
        Setup {
            replicas: self.replicas.or(there).unwrap_or_default(),
            bytes_max: self.max_bytes.map(|size| size.bytes).or(most),
        }
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::Single)?;
    let log = Log::of(session)?;
    let target = log.target();
    let what = || format!("the log of `{}` was not made", target.store());
    let progress = Progress::waiting(session, "asking the servers of NATS");
    let asked = log.wait(what, make(args, target));
    progress.clear();
    let (setup, made, begun) = asked?;
    let row = Row {
        store: target.store().to_string(),
        stream: target.store().stream(),
        subject: target.store().subject(),
        replicas: setup.replicas.count(),
        max_bytes: setup.bytes_max,
        made: made == Initialized::Made,
        begun: begun == Begun::Now,
    };
    printer.item(&row)?;
    printer.finish()?;
    for finding in log.run(setup::check(target, &[])) {
        if finding.severity > Severity::Good {
            session.note(&check::line(&finding));
        }
    }
    Ok(Exit::Ok)
}

async fn make(args: &Args, target: &Target) -> annals::Result<(Setup, Initialized, Begun)> {
    let found = setup::find(target).await?;
    let setup = args.setup(found.as_ref());
    let made = setup::init(target, &setup).await?;
    let log = JetStreamLog::connect(target, "init").await?;
    let begun = begin(&log, &Genesis::new()).await?;
    Ok((setup, made, begun))
}
