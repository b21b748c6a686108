//! What every service of a server works with.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use annals_core::{Backend, Result};
use tokio::sync::Notify;
use tonic::Status;
use uuid::Uuid;

use crate::{
    access::Access,
    derived::Index,
    http::authority::Authority,
    kurrent::persistent::subsystem::Persistent,
    leader::{Address, Leadership},
    metrics::{Measured, Metrics},
    options::{Options, Security},
    stopping::Stopping,
    trace::Spans,
    users::Users,
    wire::status::status,
};

/// Where a call comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// One server over one store.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) store: Arc<dyn Backend>,
    pub(crate) options: Options,
    pub(crate) access: Access,
    pub(crate) users: Users,
    pub(crate) stopping: Stopping,
    /// Woken when a client asks the server to stop.
    pub(crate) shutdown: Notify,
    /// What derived streams are made from.
    pub(crate) index: Index,
    /// Since when this run of this server lasts.
    pub(crate) started: Instant,
    /// The groups of consumers.
    pub(crate) persistent: Persistent,
    /// Which server drives them.
    pub(crate) leadership: Leadership,
    pub(crate) metrics: Arc<Metrics>,
    /// Names this run of this server.
    pub(crate) instance: Uuid,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Node {
    /// # Errors
    /// Those of reading a file of API keys.
    pub(crate) fn new(
        store: Arc<dyn Backend>,
        options: Options,
        address: SocketAddr,
        stopping: Stopping,
    ) -> Result<Self> {
        let instance = Uuid::new_v4();
        let metrics = Arc::new(Metrics::new());
        // Innermost, so that what the server itself does is counted too.
        let store = Measured::over(store, &metrics, Spans::of(&options));
        let (access, store, users) = match &options.security {
            Security::Insecure => (Access::open(), Arc::clone(&store), Users::new(store)),
            Security::Secured(secured) => Access::guarded(store, secured)?,
        };
        let index = Index::new(Arc::clone(&store));
        let persistent = Persistent::new(index.clone());
        let leadership = Leadership::of(store.as_ref());
        Ok(Self {
            store,
            options,
            access,
            users,
            stopping,
            shutdown: Notify::new(),
            index,
            metrics,
            persistent,
            leadership,
            started: Instant::now(),
            instance,
            address,
        })
    }

    /// Where other servers tell clients to find this one.
    pub(crate) fn own_address(&self) -> Address {
        match &self.options.advertise {
            Some((host, port)) => {
                let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
                Address { host, port: *port }
            }
            None => self.address.into(),
        }
    }

    /// Comes back when this server drives the groups of consumers.
    ///
    /// # Errors
    /// The answer for the client, who is to go to the server that does, or to come again.
    pub(crate) async fn drives_groups(&self) -> Result<(), Status> {
        self.leadership.must_be_here().await?;
        self.persistent.refresh().await.map_err(|error| status(&error))
    }

    /// Where a client is told to connect to, who reached this server by this name.
    pub(crate) fn advertised(&self, asked: Option<&Authority>) -> (String, u16) {
        match (&self.options.advertise, asked) {
            (Some(advertise), _) => advertise.clone(),
            (None, Some(asked)) => (asked.host.clone(), asked.port.unwrap_or(self.address.port())),
            (None, None) => (self.address.ip().to_string(), self.address.port()),
        }
    }
}
