//! `serve`: our server as `annals serve --insecure` runs it, in a process of the benchmark.

use std::{net::Ipv4Addr, sync::Arc};

use annals_engine::{Embedded, Options as StoreOptions};
use annals_server::{Options, Server};
use tokio::runtime::Builder;

use crate::{args::ServeArgs, problem::Result};

/// Serves a store until it is killed.
pub(crate) fn run(args: &ServeArgs) -> Result<()> {
    let store = Arc::new(Embedded::open(&args.dir, StoreOptions::default())?);
    let listen = (Ipv4Addr::LOCALHOST, args.port).into();
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let server = Server::bind(store, Options { listen, ..Options::default() }).await?;
        server.run(std::future::pending()).await;
        Ok(())
    })
}
