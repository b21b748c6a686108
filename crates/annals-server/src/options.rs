//! What a server is told when it starts.

use std::{net::SocketAddr, time::Duration};

/// How a server runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The host and port that clients are told to connect to; by default, the host they asked for
    /// is told again.
    pub advertise: Option<(String, u16)>,
    /// The largest message that is taken, in bytes.
    pub message_bytes_max: usize,
    /// How many calls one connection may have open at once.
    pub calls_per_connection_max: u32,
    /// How many connections there may be at once; more wait to be accepted.
    pub connections_max: usize,
    /// How long calls that are under way may go on once the server stops.
    pub drain: Duration,
}

/// Room for an event of the largest size with everything around it; what clients allow themselves.
const MESSAGE_BYTES_MAX: usize = 17 * 1024 * 1024;

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 2113)),
            advertise: None,
            message_bytes_max: MESSAGE_BYTES_MAX,
            calls_per_connection_max: 1_000,
            connections_max: 10_000,
            drain: Duration::from_secs(10),
        }
    }
}
