//! `annals serve`: the store for programs elsewhere and in other languages.

use std::{net::SocketAddr, sync::Arc};

use annals::Backend;
use annals_server::{Options, Server};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};

use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    session::Session,
};

/// Serve the store to the clients of KurrentDB and EventStoreDB
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
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
    /// Without encryption, and everybody may do everything
    #[arg(long, env = "ANNALS_INSECURE")]
    insecure: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    if !args.insecure {
        return Err(Failure::usage(
            "the server has neither encryption nor authentication yet",
            "add `--insecure` to serve on this machine alone",
        ));
    }
    if !args.listen.ip().is_loopback() {
        return Err(Failure::usage(
            format!("`--insecure` on {} would let everybody in the network in", args.listen),
            "listen on 127.0.0.1",
        ));
    }
    let store = session.open_or_create()?;
    let what = || "the server could not be started".to_owned();
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::new(Exit::Failure, what(), error, "try again"))?;
    let options =
        Options { listen: args.listen, advertise: args.advertise.clone(), ..Options::default() };
    serve(&runtime, &store, options, session)
}

fn serve(
    runtime: &Runtime,
    store: &Arc<dyn Backend>,
    options: Options,
    session: &Session,
) -> Result<Exit> {
    let what = || "the server could not be started".to_owned();
    runtime.block_on(async {
        let server = Server::bind(Arc::clone(store), options).await.or_fail(what)?;
        let (mut interrupt, mut terminate) =
            signals().map_err(|error| Failure::new(Exit::Failure, what(), error, "try again"))?;
        session.note(&format!("serving {} on {}", session.url(), server.address()));
        server
            .run(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                session.note("stopping");
            })
            .await;
        store.close().await.or_fail(|| "the store could not be closed".to_owned())
    })?;
    Ok(Exit::Ok)
}

fn signals() -> std::io::Result<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)> {
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let wrong = || "write a host and a port, like `events.example.com:2113`".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    if host.is_empty() {
        return Err(wrong());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| wrong())?))
}
