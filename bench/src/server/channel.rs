//! One connection to a server, as every client here has.

use tonic::transport::{Channel, Endpoint};

use crate::problem::Result;

/// The largest message that a client takes, in bytes: a batch of a thousand events has room.
pub(super) const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Connects to a port of this machine.
pub(super) async fn connect(port: u16) -> Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?.tcp_nodelay(true);
    Ok(endpoint.connect().await?)
}
