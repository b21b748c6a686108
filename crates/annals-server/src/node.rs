//! What every service of a server works with.

use std::{net::SocketAddr, sync::Arc};

use annals_core::Backend;
use uuid::Uuid;

use crate::{
    access::Access, derived::Marks, http::authority::Authority, options::Options,
    stopping::Stopping,
};

/// One server over one store.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) store: Arc<dyn Backend>,
    pub(crate) options: Options,
    pub(crate) access: Access,
    pub(crate) stopping: Stopping,
    /// Where readers are in derived streams.
    pub(crate) marks: Marks,
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
        let instance = Uuid::new_v4();
        let marks = Marks::default();
        Self { store, options, access: Access::open(), stopping, marks, instance, address }
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
