//! `annals serve`: the store for programs elsewhere and in other languages.

mod limits;
mod security;

use std::{io::Write, net::SocketAddr, process, sync::Arc, time::Duration};

use annals::Backend;
use annals_server::{Account, Options, Server};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use self::{limits::LimitArgs, security::SecurityArgs};
use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    serving::{log, notify, signals::Signals, traces::Traces},
    session::Session,
    settings::FileArgs,
};

/// Serve the store to the clients of KurrentDB and EventStoreDB
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals serve --tls-cert server.pem --tls-key server.key   users log in, over TLS\n  \
    annals serve --insecure                              serve ./annals-data on 127.0.0.1:2113\n  \
    annals serve --insecure --at memory: --listen 127.0.0.1:0   a store for a test, on a free port\n  \
    annals serve --insecure --at postgres://ann@db/shop  serve a store in PostgreSQL")]
pub(crate) struct Args {
    /// The address and port to listen on
    #[arg(long, value_name = "ADDRESS", env = "ANNALS_LISTEN", default_value = "127.0.0.1:2113")]
    listen: SocketAddr,
    /// The host and port that clients are told to connect to; by default the name they asked for
    #[arg(long, value_name = "HOST:PORT", env = "ANNALS_ADVERTISE", value_parser = host_and_port)]
    advertise: Option<(String, u16)>,
    /// How many seconds calls that are under way may go on once the server is told to stop
    #[arg(long, value_name = "SECONDS", env = "ANNALS_DRAIN", default_value_t = 10)]
    drain: u64,
    #[command(flatten)]
    security: SecurityArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    log: log::LogArgs,
    #[command(flatten)]
    file: FileArgs,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let security = args.security.chosen(args.listen)?;
    let options = args.limits.apply(Options {
        listen: args.listen,
        advertise: args.advertise.clone(),
        drain: Duration::from_secs(args.drain),
        security,
        ..Options::default()
    });
    let what = || "the server could not be started".to_owned();
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Failure, what(), error, "try again"))?;
    let traces = runtime.block_on(async { Traces::begin() });
    let options = Options { trace_parent: traces.parent(), ..options };
    log::begin(&args.log, traces.collector());
    let store = session.open_or_create()?;
    serve(&runtime, &store, (options, traces), args, session)
}

fn serve(
    runtime: &Runtime,
    store: &Arc<dyn Backend>,
    (options, traces): (Options, Traces),
    args: &Args,
    session: &Session,
) -> Result<Exit> {
    let what = || "the server could not be started".to_owned();
    runtime.block_on(async {
        let mut server = Server::bind(Arc::clone(store), options).await.or_fail(what)?;
        let mut signals = Signals::listen()
            .map_err(|error| Failure::new(Exit::Failure, what(), error, "try again"))?;
        show(&server.take_accounts())?;
        started(server.address(), args, session);
        if let Some(warning) = traces.warning() {
            tracing::warn!("{warning}");
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let served = async {
            // Whether it is told or the other end is gone, it is to stop.
            server.run(async { drop(stopped.await) }).await;
            let closed = store.close().await;
            traces.end().await;
            closed.or_fail(|| "the store could not be closed".to_owned())
        };
        let told_twice = async {
            tracing::info!(signal = signals.next().await, "stopping");
            notify::stopping();
            drop(stop);
            signals.next().await
        };
        tokio::select! {
            served = served => served,
            signal = told_twice => {
                // Nothing is lost: what was acknowledged is stored.
                tracing::warn!(signal, "told to stop a second time; ending at once");
                process::exit(Exit::Interrupted.code().into())
            }
        }
    })?;
    tracing::info!("stopped");
    Ok(Exit::Ok)
}

/// Shows generated passwords, however quiet it should be: there is no second time.
fn show(accounts: &[Account]) -> Result<()> {
    let mut stderr = std::io::stderr();
    if !accounts.is_empty() {
        writeln!(stderr, "the first users of this store, whose passwords are shown only now:")?;
    }
    for account in accounts {
        writeln!(stderr, "  {:<6} {}", account.login, account.password.reveal())?;
    }
    Ok(())
}

fn started(address: SocketAddr, args: &Args, session: &Session) {
    let version = env!("CARGO_PKG_VERSION");
    let config = session.settings().file.as_ref().map(|file| file.display().to_string());
    tracing::info!(%address, version, config, "serving {} on {address}", session.url());
    if let Some(warning) = args.security.warning(args.listen) {
        tracing::warn!("{warning}");
    }
    notify::ready();
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let wrong = || "write a host and a port, like `events.example.com:2113`".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    if host.is_empty() {
        return Err(wrong());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| wrong())?))
}
