//! The files with the certificate and its key.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use annals_core::{Error, ErrorKind, Result};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};

/// Where the server's certificate and its key are, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and after it those that lead to its authority.
    pub certificate: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
}

/// What two files were like at some moment.
pub(super) type Stamp = [Option<(SystemTime, u64)>; 2];

/// The protocols that are offered, the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

impl TlsFiles {
    pub(super) fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }

    pub(super) fn read(&self) -> Result<Arc<ServerConfig>> {
        let certificates = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable("certificate", &self.certificate, error))?;
        if certificates.is_empty() {
            return Err(unreadable("certificate", &self.certificate, pem::Error::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| unreadable("private key", &self.key, error))?;
        warn_of_readers(&self.key);
        let refused = |error: rustls::Error| {
            let why = format!(
                "the certificate in `{}` and the key in `{}` do not go together",
                self.certificate.display(),
                self.key.display()
            );
            Error::invalid(why).caused_by(error)
        };
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(refused)?;
        let builder = builder.with_no_client_auth();
        let mut config = builder.with_single_cert(certificates, key).map_err(refused)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Arc::new(config))
    }
}

fn unreadable(what: &str, path: &Path, error: pem::Error) -> Error {
    let kind = match error {
        pem::Error::Io(_) => ErrorKind::Unavailable,
        _ => ErrorKind::InvalidArgument,
    };
    let why = format!("the {what} in `{}` cannot be read", path.display());
    Error::new(kind, why).caused_by(error)
}

/// A key that others can read is still a key, but somebody should know.
fn warn_of_readers(key: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(key).map(|metadata| metadata.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o077 != 0) {
        tracing::warn!(key = %key.display(), "others can read the private key; give it mode 0600");
    }
}
