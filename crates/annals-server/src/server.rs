//! A server: binding its port, accepting connections, and stopping in good order.

use std::{io, mem, net::SocketAddr, sync::Arc, time::Duration};

use annals_core::{Backend, Error, ErrorKind, Result};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    net::TcpListener,
    time::{self, MissedTickBehavior},
};

use crate::{
    connection::Connections,
    http,
    kurrent::persistent::fence::Right,
    leader::{Keeper, Standing},
    metrics::One,
    node::Node,
    options::{Options, Security},
    room::Room,
    stopping::{self, Stop, Stopping},
    tls::Tls,
    users::{self, Account},
};

/// A server that has its port and waits to be run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    node: Arc<Node>,
    tls: Option<Arc<Tls>>,
    accounts: Vec<Account>,
    stop: Stop,
}

/// How often accepting is tried when the process has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Server {
    /// Takes the port; with authentication, on a store without users also makes the first ones.
    ///
    /// # Errors
    /// `Unavailable` when the address cannot be listened on or files cannot be read,
    /// `InvalidArgument` when what is in them cannot be used; those of the store.
    pub async fn bind(store: Arc<dyn Backend>, options: Options) -> Result<Self> {
        let refused = |error: io::Error| {
            let why = format!("`{}` cannot be listened on", options.listen);
            Error::new(ErrorKind::Unavailable, why).caused_by(error)
        };
        let listener = TcpListener::bind(options.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (stop, stopping) = stopping::pair();
        let node = Arc::new(Node::new(store, options, address, stopping)?);
        node.store.advertise(&node.own_address().to_string());
        if node.leadership.standing() == Standing::Alone {
            node.persistent.lead(Right::Sole).await?;
        }
        let (mut tls, mut accounts) = (None, Vec::new());
        if let Security::Secured(secured) = &node.options.security {
            tls = secured.tls.clone().map(Tls::new).transpose()?.map(Arc::new);
            accounts = users::first_start(&node.users, secured).await?;
        }
        Ok(Self { listener, node, tls, accounts, stop })
    }

    /// The accounts that were made with generated passwords: to be shown once, and not logged.
    pub fn take_accounts(&mut self) -> Vec<Account> {
        mem::take(&mut self.accounts)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.node.address
    }

    /// Serves until `until` is done, or a client with the right to it asks for the end; then takes
    /// nothing new, ends subscriptions with a word to their clients, and gives calls that are under
    /// way the time that the options say.
    ///
    /// Meanwhile the port stays open, for those who ask whether the server is ready: it is not.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let connections = GracefulShutdown::new();
        let (leave, leaving) = stopping::pair();
        let keeper = self.keeper(leaving).map(tokio::spawn);
        let followed = self.node.access.follow().map(tokio::spawn);
        tokio::select! {
            () = self.accept(&connections) => {}
            () = until => {}
            () = self.node.shutdown.notified() => {}
        }
        self.stop.begin();
        let drain = self.node.options.drain;
        let late = GracefulShutdown::new();
        tokio::select! {
            () = self.accept(&late) => {}
            drained = time::timeout(drain, connections.shutdown()) => if drained.is_err() {
                tracing::warn!("connections were still busy after {drain:?} and are closed");
            }
        }
        leave.begin();
        match keeper {
            None => self.node.persistent.stop().await,
            // It stops the groups and gives the lease back; a panic of it was logged.
            Some(keeper) => drop(keeper.await),
        }
        if let Some(followed) = followed {
            followed.abort();
        }
    }

    /// What decides whether this server drives the groups, where others might.
    fn keeper(&self, leaving: Stopping) -> Option<impl Future<Output = ()> + Send + 'static> {
        let is_shared = self.node.leadership.standing() != Standing::Alone;
        is_shared.then(|| Keeper::new(&self.node).run(leaving))
    }

    async fn accept(&self, connections: &GracefulShutdown) {
        let mut room = Room::for_connections(self.node.options.connections_max);
        let router = http::router(&self.node);
        let serving = Connections::new(&self.node.options, router, self.tls.clone());
        let mut pause = time::interval(ACCEPT_PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let Ok(permit) = room.place().await {
            let (socket, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    pause.tick().await;
                    continue;
                }
            };
            // Small messages are sent at once; without it they are only slower.
            drop(socket.set_nodelay(true));
            let (serving, stops) = (serving.clone(), connections.watcher());
            let one = One::of(&self.node.metrics.connections);
            tokio::spawn(async move {
                serving.serve(socket, peer, stops).await;
                drop((permit, one));
            });
        }
    }
}
