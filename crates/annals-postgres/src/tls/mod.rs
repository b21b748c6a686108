//! Encrypted connections, with the meaning that libpq gives to each `sslmode`.

mod explain;
mod verify;

use std::{path::PathBuf, sync::Arc};

use annals_core::{Error, ErrorKind, Result};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) use explain::{explained, is_about_tls};
use verify::{Name, Trusted, Unchecked};

/// How connections are encrypted, and whom the server proves to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) mode: Mode,
    pub(crate) root: Root,
    pub(crate) identity: Option<Identity>,
}

/// What is asked of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// No encryption.
    Disable,
    /// Encryption where the server takes nothing else.
    Allow,
    /// Encryption where the server has it.
    Prefer,
    /// Encryption; the server's certificate is checked only when there is a root certificate.
    Require,
    /// A certificate that goes back to a root certificate, of whatever host.
    VerifyCa,
    /// The same, and it is for the host that was asked for.
    VerifyFull,
}

/// The certificates that others must go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Root {
    /// Those of the system.
    System,
    File(PathBuf),
    /// A file that may be there.
    Usual(Option<PathBuf>),
}

/// Who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

const MODES: [(&str, Mode); 6] = [
    ("disable", Mode::Disable),
    ("allow", Mode::Allow),
    ("prefer", Mode::Prefer),
    ("require", Mode::Require),
    ("verify-ca", Mode::VerifyCa),
    ("verify-full", Mode::VerifyFull),
];

impl Mode {
    pub(crate) fn named(name: &str) -> Option<Self> {
        MODES.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode)
    }

    pub(crate) fn names() -> String {
        MODES.map(|(name, _)| format!("`{name}`")).join(", ")
    }
}

impl Tls {
    /// What makes connections encrypted.
    pub(crate) fn connector(&self) -> Result<MakeRustlsConnect> {
        let provider = Arc::new(ring::default_provider());
        let verifying = self.verifying(&provider)?;
        let unusable = |error| {
            Error::new(ErrorKind::Internal, "encrypted connections cannot be made").caused_by(error)
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error: rustls::Error| unusable(error))?
            .dangerous()
            .with_custom_certificate_verifier(verifying);
        let config = match &self.identity {
            _ if self.mode == Mode::Disable => builder.with_no_client_auth(),
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (certificates, key) = identity.read()?;
                builder.with_client_auth_cert(certificates, key).map_err(|error| {
                    Error::invalid(
                        "`sslcert` and `sslkey` do not belong together, or are of a kind that is \
                         not supported",
                    )
                    .caused_by(error)
                })?
            }
        };
        Ok(MakeRustlsConnect::new(config))
    }

    fn verifying(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn rustls::client::danger::ServerCertVerifier>> {
        let algorithms = provider.signature_verification_algorithms;
        let name = match self.mode {
            Mode::Disable | Mode::Allow | Mode::Prefer => None,
            // A root certificate turns encryption alone into a check, as in libpq.
            Mode::Require if self.root.is_there() => Some(Name::Any),
            Mode::Require => None,
            Mode::VerifyCa => Some(Name::Any),
            Mode::VerifyFull => Some(Name::Asked),
        };
        let Some(name) = name else { return Ok(Arc::new(Unchecked { algorithms })) };
        let certificates = self.root.read()?;
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(certificates.iter().cloned());
        if added == 0 {
            return Err(Error::invalid(format!("{} has no usable certificate", self.root.named())));
        }
        Ok(Arc::new(Trusted { roots, certificates, name, algorithms }))
    }
}

impl Root {
    fn is_there(&self) -> bool {
        match self {
            Self::System | Self::File(_) => true,
            Self::Usual(path) => path.as_ref().is_some_and(|path| path.exists()),
        }
    }

    fn named(&self) -> String {
        match self {
            Self::System => "the system".to_owned(),
            Self::File(path) | Self::Usual(Some(path)) => format!("`{}`", path.display()),
            Self::Usual(None) => "the home folder".to_owned(),
        }
    }

    fn read(&self) -> Result<Vec<CertificateDer<'static>>> {
        match self {
            Self::System => Ok(rustls_native_certs::load_native_certs().certs),
            Self::File(path) | Self::Usual(Some(path)) if self.is_given() || path.exists() => {
                certificates(path, "sslrootcert")
            }
            _ => Err(Error::invalid(
                "there is no root certificate to check the server's with; give a file as \
                 `sslrootcert`, or `sslrootcert=system` for those that the system trusts",
            )),
        }
    }

    fn is_given(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

type Credentials = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Identity {
    fn read(&self) -> Result<Credentials> {
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| {
            Error::invalid(format!(
                "`sslkey` `{}` cannot be used ({error}); it has to be a PEM file without a password",
                self.key.display()
            ))
        })?;
        Ok((certificates(&self.certificate, "sslcert")?, key))
    }
}

fn certificates(path: &std::path::Path, parameter: &str) -> Result<Vec<CertificateDer<'static>>> {
    let unreadable = |error: rustls::pki_types::pem::Error| {
        Error::invalid(format!(
            "`{parameter}` `{}` cannot be used ({error}); it has to be a PEM file of certificates",
            path.display()
        ))
    };
    CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<std::result::Result<_, _>>()
        .map_err(unreadable)
}
