//! What a server is told when it starts.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::{Secret, TlsFiles, TraceParent};

/// How a server runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The host and port that clients are told to connect to, by this server and by others on the
    /// same store; by default, this server tells the host they asked for again, and others tell
    /// where it listens.
    pub advertise: Option<(String, u16)>,
    /// The largest message that is taken, in bytes.
    pub message_bytes_max: usize,
    /// How many calls one connection may have open at once.
    pub calls_per_connection_max: u32,
    /// How many connections there may be at once; more wait to be accepted.
    pub connections_max: usize,
    /// How long a client may take to say which protocol it speaks and, over HTTP/1.1, to ask.
    pub head_within: Duration,
    /// How long calls that are under way may go on once the server stops.
    pub drain: Duration,
    /// Where several servers share a store: how long the one that drives the groups of consumers
    /// may be silent before another one takes over.
    pub lease: Duration,
    /// Who may do what, and whether connections are encrypted. By default everybody may do
    /// everything, which is for one machine and for tests.
    pub security: Security,
    /// How the span of a call becomes a child of its caller's. Without, no spans are made.
    pub trace_parent: Option<TraceParent>,
}

/// Who may do what, and whether connections are encrypted.
#[derive(Debug, Clone)]
pub enum Security {
    /// Plain connections, and everybody may do everything; credentials are not looked at.
    Insecure,
    /// Users have to log in.
    Secured(Secured),
}

/// How a server with authentication runs.
#[derive(Debug, Clone, Default)]
pub struct Secured {
    /// The certificate. Without one, passwords go over the network in the clear: for a server
    /// behind a proxy that encrypts, or for one machine.
    pub tls: Option<TlsFiles>,
    /// What callers without credentials may do.
    pub anonymous: Anonymous,
    /// The password of `admin`, when this is the first start on the store; else one is generated.
    pub admin_password: Option<Secret>,
    /// The same for `ops`.
    pub ops_password: Option<Secret>,
    /// A file with hashes of API keys, besides those in the store; it is read at the start.
    pub api_keys: Option<PathBuf>,
}

/// What callers without credentials may do, besides asking whether the server lives and where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Nothing.
    #[default]
    Nothing,
    /// What access lists give to everybody (`$all`).
    AsListed,
}

/// With the looks that others take at the lease, groups go on elsewhere within 5 s.
const LEASE: Duration = Duration::from_secs(4);

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
            head_within: Duration::from_secs(30),
            security: Security::Insecure,
            trace_parent: None,
            drain: Duration::from_secs(10),
            lease: LEASE,
        }
    }
}
