//! What every service of a server works with.

use std::{net::SocketAddr, sync::Arc};

use annals_core::Backend;
use uuid::Uuid;

use crate::{
    access::Access,
    http::authority::Authority,
    metrics::{Measured, Metrics},
    options::Options,
    stopping::Stopping,
};

/// One server over one store.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) store: Arc<dyn Backend>,
    pub(crate) options: Options,
    pub(crate) access: Access,
    pub(crate) stopping: Stopping,
    pub(crate) metrics: Arc<Metrics>,
    /// Names this run of this server.
    pub(crate) instance: Uuid,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Node {
    pub(crate) fn new(
        store: Arc<dyn Backend>,
        options: Options,
        address: SocketAddr,
        stopping: Stopping,
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        let store = Measured::over(store, &metrics);
        let instance = Uuid::new_v4();
        Self { store, options, access: Access::open(), stopping, metrics, instance, address }
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
