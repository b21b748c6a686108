//! What every service of a server works with.

use std::{net::SocketAddr, sync::Arc};

use annals_core::{Backend, Result};
use uuid::Uuid;

use crate::{
    access::Access,
    http::authority::Authority,
    options::{Options, Security},
    stopping::Stopping,
    users::Users,
};

/// One server over one store.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) store: Arc<dyn Backend>,
    pub(crate) options: Options,
    pub(crate) access: Access,
    pub(crate) users: Users,
    pub(crate) stopping: Stopping,
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
        let (access, store, users) = match &options.security {
            Security::Insecure => (Access::open(), Arc::clone(&store), Users::new(store)),
            Security::Secured(secured) => Access::guarded(store, secured)?,
        };
        Ok(Self { store, options, access, users, stopping, instance, address })
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
