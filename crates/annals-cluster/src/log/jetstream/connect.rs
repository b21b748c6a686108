//! A connection to one of the servers of a log.

use std::{
    error::{self, Error as _},
    fmt::Display,
    hash::{BuildHasher, Hasher},
    io,
    sync::Arc,
    time::Duration,
};

use annals_core::{Error, ErrorKind, Result};
use async_nats::{
    Client, ConnectError, ConnectErrorKind, ConnectOptions, ReconnectToServer, ServerAddr,
};

use super::{limits, link::Link, turn::Turn};
use crate::url::{Login, Target, Tls};

/// Connects to any of the servers of a target, each tried once; later it reconnects by itself.
///
/// # Errors
/// `Unavailable` when no server answers, `Unauthenticated` when one does not accept the login,
/// `InvalidArgument` for certificates and credentials that cannot be used.
pub(crate) async fn connect(target: &Target, name: &str, link: &Arc<Link>) -> Result<Client> {
    let servers = addresses(target)?;
    let count = servers.len();
    let (heard, turn) = (Arc::clone(link), Turn::default());
    let options = ConnectOptions::new()
        .name(name)
        .connection_timeout(limits::CONNECT)
        .ping_interval(limits::PING_EVERY)
        .request_timeout(Some(limits::ANSWERED))
        .max_reconnects(None)
        .client_capacity(limits::WRITES_QUEUED)
        .subscription_capacity(limits::READS_QUEUED)
        .reconnect_delay_callback(move |attempt| pause(attempt, count))
        .reconnect_to_server_callback(move |pool, _| {
            let next = turn.next(&pool).map(|addr| ReconnectToServer { addr, delay: None });
            std::future::ready(next)
        })
        .event_callback(move |event| {
            heard.hear(&event);
            std::future::ready(())
        });
    let options = with_tls(with_login(options, &target.login).await?, target);
    options.connect(servers).await.map_err(|error| unconnected(error, target))
}

fn addresses(target: &Target) -> Result<Vec<ServerAddr>> {
    let scheme = if target.tls == Tls::AsServer { "nats" } else { "tls" };
    let address = |server: &crate::url::Server| {
        format!("{scheme}://{server}").parse().map_err(|error| {
            Error::invalid(format!("`{server}` is no address of a server")).caused_by(error)
        })
    };
    target.servers.iter().map(address).collect()
}

async fn with_login(options: ConnectOptions, login: &Login) -> Result<ConnectOptions> {
    Ok(match login {
        Login::Nobody => options,
        Login::Password { user, password } => {
            options.user_and_password(user.clone(), password.clone())
        }
        Login::Token(token) => options.token(token.clone()),
        Login::Credentials(file) => options.credentials_file(file).await.map_err(|error| {
            let file = file.display();
            Error::invalid(format!("the credentials in `{file}` cannot be used: {error}"))
        })?,
    })
}

fn with_tls(mut options: ConnectOptions, target: &Target) -> ConnectOptions {
    options = options.require_tls(target.tls != Tls::AsServer);
    if target.tls == Tls::First {
        options = options.tls_first();
    }
    if let Some(file) = &target.ca {
        options = options.add_root_certificates(file.clone());
    }
    if let Some(identity) = &target.identity {
        options = options.add_client_certificate(identity.cert.clone(), identity.key.clone());
    }
    options
}

/// The pause before an attempt to reconnect: none until every server was tried once, then a random
/// one, so that the nodes of a cluster do not come all at once.
fn pause(attempt: usize, servers: usize) -> Duration {
    if attempt <= servers {
        return Duration::ZERO;
    }
    let random = std::hash::RandomState::new().build_hasher().finish();
    let most = u64::try_from(limits::RECONNECT_PAUSE_MAX.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(most / 5 + random % (most - most / 5))
}

fn unconnected(error: ConnectError, target: &Target) -> Error {
    let places = target.places();
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => Error::new(
            ErrorKind::Unauthenticated,
            format!(
                "the servers at {places} do not accept the login; check user, password, token or credentials"
            ),
        ),
        ConnectErrorKind::Tls => unencrypted(&places, &error),
        ConnectErrorKind::Io if let Some(why) = handshake(&error) => unencrypted(&places, why),
        ConnectErrorKind::ServerParse => {
            Error::invalid(format!("`{places}` are no addresses of servers")).caused_by(error)
        }
        ConnectErrorKind::Dns => unavailable(&places, "their names are not known"),
        ConnectErrorKind::TimedOut => unavailable(&places, "they do not answer"),
        ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => {
            unavailable(&places, &format!("they do not take connections ({})", innermost(&error)))
        }
    }
}

/// What the client's errors stand around; they repeat it.
fn innermost<'e>(error: &'e (dyn error::Error + 'static)) -> &'e dyn error::Error {
    error.source().map_or(error, innermost)
}

/// Why a connection that was there could not be encrypted.
fn handshake(error: &ConnectError) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        match error.downcast_ref::<io::Error>() {
            Some(error) if error.kind() == io::ErrorKind::InvalidData => return Some(error),
            _ => cause = error.source(),
        }
    }
    None
}

fn unencrypted(places: &str, why: impl Display) -> Error {
    Error::invalid(format!(
        "no encrypted connection to {places}: {why}; check `tls`, `ca`, `cert` and `key`"
    ))
}

fn unavailable(places: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!(
            "no server of the log can be reached at {places}: {why}; start them or check the addresses"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_is_tried_at_once_and_later_with_a_short_pause() {
        assert_eq!(pause(1, 3), Duration::ZERO);
        assert_eq!(pause(3, 3), Duration::ZERO);
        for attempt in 4..200 {
            let pause = pause(attempt, 3);
            assert!(!pause.is_zero() && pause <= limits::RECONNECT_PAUSE_MAX, "{pause:?}");
        }
    }
}
