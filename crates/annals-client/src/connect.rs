//! The connections to a server.

use std::{fs, path::PathBuf, time::Duration};

use annals_core::{Error, Result};
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use crate::{Login, Options};

/// What calls are made on. Clones share the connection.
pub type Connection = InterceptedService<Channel, Login>;

/// Whether the connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// It is not.
    Off,
    /// It is, with a server whose certificate goes back to one of these.
    On(Authorities),
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorities {
    /// Those of the system.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// How a server that has gone without a word is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive {
    /// How long nothing may come before the server is asked whether it is there; `None`: never.
    pub interval: Option<Duration>,
    /// How long it may take to answer that.
    pub timeout: Duration,
}

/// A server, and how it is reached.
#[derive(Debug)]
pub struct Server<'a> {
    /// The host with its port.
    pub authority: &'a str,
    /// Whether the connection is encrypted.
    pub tls: &'a Tls,
    /// Who calls.
    pub login: Login,
    /// How its end is noticed.
    pub keep_alive: KeepAlive,
}

/// The largest message that is taken, in bytes: one batch, of which the last item may be the
/// largest there is.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How much of one answer may come before it is read, in bytes.
const CALL_WINDOW: u32 = 1024 * 1024;
/// How much may come on the whole connection before it is read: all there can be, so that an answer
/// that nobody reads holds up no other.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
/// The longest headers and trailers that are taken, in bytes.
const HEADERS_BYTES_MAX: u32 = 256 * 1024;

impl Default for KeepAlive {
    fn default() -> Self {
        Self { interval: Some(Duration::from_secs(10)), timeout: Duration::from_secs(20) }
    }
}

impl Server<'_> {
    /// A connection that is made by its first call. Needs the context of the runtime that drives
    /// it.
    ///
    /// # Errors
    /// `InvalidArgument` for a host that cannot be one, and for certificates that cannot be used.
    pub fn connection(&self, options: &Options) -> Result<Connection> {
        let channel = self.endpoint(options)?.connect_lazy();
        Ok(InterceptedService::new(channel, self.login.clone()))
    }

    fn endpoint(&self, options: &Options) -> Result<Endpoint> {
        let scheme = match self.tls {
            Tls::Off => "http",
            Tls::On(_) => "https",
        };
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://{}", self.authority))
            .map_err(|_| Error::invalid("the host in the URL of the server cannot be one"))?
            .connect_timeout(options.connect_timeout)
            .tcp_nodelay(true)
            .initial_stream_window_size(CALL_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_header_list_size(HEADERS_BYTES_MAX);
        if let Some(interval) = self.keep_alive.interval {
            endpoint = endpoint
                .http2_keep_alive_interval(interval)
                .keep_alive_timeout(self.keep_alive.timeout)
                .keep_alive_while_idle(true);
        }
        match self.tls {
            Tls::Off => Ok(endpoint),
            Tls::On(authorities) => endpoint.tls_config(tls(authorities)?).map_err(|error| {
                Error::invalid("the certificates to trust cannot be used").caused_by(error)
            }),
        }
    }
}

fn tls(authorities: &Authorities) -> Result<ClientTlsConfig> {
    let config = ClientTlsConfig::new();
    match authorities {
        Authorities::System => Ok(config.with_native_roots()),
        Authorities::File(file) => {
            let pem = fs::read(file).map_err(|error| {
                let why =
                    format!("the certificates in `{}` cannot be read ({error})", file.display());
                Error::invalid(why)
            })?;
            Ok(config.ca_certificate(Certificate::from_pem(pem)))
        }
    }
}
