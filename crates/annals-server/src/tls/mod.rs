//! Encrypted connections: the server's certificate, which may be replaced while the server runs.
//!
//! The files are looked at on new connections, at most once a second. New ones that cannot be used
//! change nothing: the certificate from before goes on, and the log says why.

mod files;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use annals_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use rustls::ServerConfig;
use tokio::{net::TcpStream, task, time};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use self::files::Stamp;
pub use self::files::TlsFiles;

/// Encrypts connections.
#[derive(Debug)]
pub(crate) struct Tls {
    files: TlsFiles,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    config: Arc<ServerConfig>,
    /// What the files were like when they were read last, well or not.
    stamp: Stamp,
    looked_at: Instant,
}

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a client may take to agree on encryption.
const HANDSHAKE: Duration = Duration::from_secs(10);

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// `InvalidArgument` when they are no certificate with its key, `Unavailable` when they cannot
    /// be read.
    pub(crate) fn new(files: TlsFiles) -> Result<Self> {
        let stamp = files.stamp();
        let config = files.read()?;
        let current = Current { config, stamp, looked_at: Instant::now() };
        Ok(Self { files, current: Mutex::new(current) })
    }

    /// Agrees on encryption with a client.
    ///
    /// # Errors
    /// `Unavailable` when the client takes too long, or wants what is not offered.
    pub(crate) async fn accept(self: Arc<Self>, socket: TcpStream) -> Result<TlsStream<TcpStream>> {
        let failed = |why: &str| Error::new(ErrorKind::Unavailable, why);
        let config = if self.is_time_to_look() {
            // Files may be slow.
            let looked = task::spawn_blocking(move || self.look()).await;
            looked.map_err(|error| failed("the server stops").caused_by(error))?
        } else {
            Arc::clone(&self.current.lock().config)
        };
        let handshake = TlsAcceptor::from(config).accept(socket);
        match time::timeout(HANDSHAKE, handshake).await {
            Ok(accepted) => {
                accepted.map_err(|e| failed("no encryption was agreed on").caused_by(e))
            }
            Err(_) => Err(failed("the client took too long to agree on encryption")),
        }
    }

    fn is_time_to_look(&self) -> bool {
        let mut current = self.current.lock();
        let is_time = current.looked_at.elapsed() >= LOOK;
        if is_time {
            current.looked_at = Instant::now();
        }
        is_time
    }

    /// Takes over the files if they are others than before.
    fn look(&self) -> Arc<ServerConfig> {
        // Looked at before reading: what is written meanwhile is seen the next time.
        let stamp = self.files.stamp();
        if stamp == self.current.lock().stamp {
            return Arc::clone(&self.current.lock().config);
        }
        let read = self.files.read();
        let mut current = self.current.lock();
        current.stamp = stamp;
        match read {
            Ok(config) => {
                tracing::info!("a new certificate is in use");
                current.config = config;
            }
            Err(error) => {
                tracing::warn!(%error, "the new certificate cannot be used, the old one goes on");
            }
        }
        Arc::clone(&current.config)
    }
}
