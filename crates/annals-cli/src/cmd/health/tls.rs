//! Asking over TLS: whose certificate is taken.

use std::{io, net::TcpStream, path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

/// Whose certificate is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// That of an authority of the system.
    System,
    /// That of an authority in this file.
    Authorities(PathBuf),
    /// This one, and no other: for who stands beside the server and has its file.
    Certificate(PathBuf),
}

/// Agrees on encryption with a server.
pub(super) fn encrypted(
    server: TcpStream,
    host: &str,
    trust: &Trust,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let config = match trust {
        Trust::System => config.with_root_certificates(of_the_system()?),
        Trust::Authorities(file) => config.with_root_certificates(of_file(file)?),
        Trust::Certificate(file) => {
            let certificate = certificates(file)?.into_iter().next().ok_or_else(|| none(file))?;
            let pinned = Pinned { certificate, provider };
            config.dangerous().with_custom_certificate_verifier(Arc::new(pinned))
        }
    };
    let config = Arc::new(config.with_no_client_auth());
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    let mut server = server;
    while connection.is_handshaking() {
        connection.complete_io(&mut server)?;
    }
    Ok(StreamOwned::new(connection, server))
}

fn of_the_system() -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(io::Error::other("the system trusts no authority; name one by `--tls-ca`"));
    }
    Ok(roots)
}

fn of_file(file: &PathBuf) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(file)?);
    if roots.is_empty() { Err(none(file)) } else { Ok(roots) }
}

fn certificates(file: &PathBuf) -> io::Result<Vec<CertificateDer<'static>>> {
    let unreadable = |error| {
        io::Error::other(format!(
            "the certificates in `{}` cannot be read: {error}",
            file.display()
        ))
    };
    let list = CertificateDer::pem_file_iter(file).map_err(unreadable)?;
    list.collect::<Result<_, _>>().map_err(unreadable)
}

fn none(file: &std::path::Path) -> io::Error {
    io::Error::other(format!("there is no certificate in `{}`", file.display()))
}

/// Takes one certificate, which the server has to have the key of.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *shown == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            let why = "the server shows another certificate than that of the file".to_owned();
            Err(rustls::Error::General(why))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
