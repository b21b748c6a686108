//! What is wrong when a connection cannot be encrypted, and what to try.

use std::{error::Error as StdError, io};

use annals_core::{Error, ErrorKind};
use rustls::CertificateError;

/// How `tokio_postgres` names errors of encryption; it tells them apart in no other way.
const HANDSHAKE: &str = "error performing TLS handshake";

/// Whether making a connection failed because of its encryption.
pub(crate) fn is_about_tls(error: &tokio_postgres::Error) -> bool {
    cause(error).is_some() || error.to_string().starts_with(HANDSHAKE)
}

/// The error in the words of `sslmode`, where it is about encryption.
pub(crate) fn explained(what: &str, error: &tokio_postgres::Error) -> Option<Error> {
    if !is_about_tls(error) {
        return None;
    }
    let (kind, why) = match cause(error) {
        Some(rustls::Error::InvalidCertificate(refused)) => {
            (ErrorKind::Unauthenticated, of_certificate(refused))
        }
        Some(rustls::Error::AlertReceived(alert)) => (
            ErrorKind::Unauthenticated,
            format!(
                "the server ended the encryption with the alert {alert:?}; it may want a \
                 certificate of the client, `sslcert` and `sslkey`"
            ),
        ),
        Some(other) => {
            (ErrorKind::Unavailable, format!("the connection is not encrypted: {other}"))
        }
        None if says(error, "does not support TLS") => (
            ErrorKind::Unavailable,
            "the server has no encryption; turn `ssl` on there, or take `sslmode=prefer` or \
             `sslmode=disable` if nobody else is on the network"
                .to_owned(),
        ),
        None => (
            ErrorKind::Unavailable,
            "the connection was lost while its encryption was agreed on".to_owned(),
        ),
    };
    Some(Error::new(kind, format!("{what} failed: {why}")))
}

fn of_certificate(refused: &CertificateError) -> String {
    match refused {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the certificate of the server is for another host; use a name from its \
             subjectAltName in the URL, or `sslmode=verify-ca` if the name does not matter"
                .to_owned()
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the certificate of the server does not go back to a trusted one; give that of its \
             authority as `sslrootcert`"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate of the server has expired; renew it there".to_owned()
        }
        other => format!("the certificate of the server is refused ({other})"),
    }
}

/// The error of rustls inside an error of a connection.
fn cause(error: &tokio_postgres::Error) -> Option<&rustls::Error> {
    let error = error.source()?.downcast_ref::<io::Error>()?;
    error.get_ref()?.downcast_ref()
}

fn says(error: &tokio_postgres::Error, words: &str) -> bool {
    error.source().is_some_and(|source| source.to_string().contains(words))
}
