//! A URL cut into its parts.
//!
//! What cannot be read is not quoted in errors: it may be a piece of a password in which a special
//! character was not escaped.

use annals_core::{Error, Result};
use percent_encoding::percent_decode_str;

use super::{Server, Tls};

/// How a URL begins, and whether it asks for TLS.
const SCHEMES: [(&str, Tls); 3] =
    [("nats://", Tls::AsServer), ("nats+tls://", Tls::Require), ("tls://", Tls::Require)];

/// The port of NATS.
const PORT: u16 = 4222;

/// What was read, without escapes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) tls: Tls,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) servers: Vec<Server>,
    pub(super) store: String,
    pub(super) parameters: Vec<(String, String)>,
}

pub(super) fn split(text: &str) -> Result<Parts> {
    let begin = |(scheme, tls): &(&str, Tls)| text.strip_prefix(scheme).map(|rest| (rest, *tls));
    let (rest, tls) = SCHEMES.iter().find_map(begin).ok_or_else(|| {
        Error::invalid(
            "this is no URL of a cluster; write it like `nats://host:4222/store?dir=folder`",
        )
    })?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    if query.contains('@') {
        return Err(unreadable("parameters"));
    }
    let (authority, store) = place.split_once('/').unwrap_or((place, ""));
    if store.contains(['/', '@']) {
        return Err(unreadable("name of the store"));
    }
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    let (user, password) = match login.map(|login| login.split_once(':').ok_or(login)) {
        Some(Ok((user, password))) => (Some(user), Some(password)),
        Some(Err(user)) => (Some(user), None),
        None => (None, None),
    };
    let decode = |text: Option<&str>, part| text.map(|text| decoded(text, part)).transpose();
    Ok(Parts {
        tls,
        user: decode(user, "user")?.filter(|user| !user.is_empty()),
        password: decode(password, "password")?,
        servers: hosts.split(',').map(server).collect::<Result<_>>()?,
        store: decoded(store, "name of the store")?,
        parameters: parameters(query)?,
    })
}

fn parameters(query: &str) -> Result<Vec<(String, String)>> {
    let pairs = query.split('&').filter(|parameter| !parameter.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(|| unreadable("parameters"))?;
            Ok((decoded(name, "parameters")?, decoded(value, "parameters")?))
        })
        .collect()
}

/// A place: `host`, `host:port` or `[address]:port`.
fn server(text: &str) -> Result<Server> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(|| unreadable("host"))?;
            (format!("[{host}]"), after.strip_prefix(':').or(after.is_empty().then_some("")))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (text.to_owned(), Some("")),
        },
    };
    let is_known = |c: char| c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
    if host.trim_matches(['[', ']']).is_empty() || !host.chars().all(is_known) {
        return Err(unreadable("host"));
    }
    let port = match port {
        Some("") => PORT,
        Some(digits) => digits.parse().map_err(|_| unreadable("port"))?,
        None => return Err(unreadable("host")),
    };
    Ok(Server { host, port })
}

fn decoded(text: &str, part: &str) -> Result<String> {
    // An escape that is not one would be taken as it stands.
    let is_escape = |after: &str| {
        after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
    };
    if !text.split('%').skip(1).all(is_escape) {
        return Err(unreadable(part));
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| unreadable(part))?;
    Ok(decoded.into_owned())
}

fn unreadable(part: &str) -> Error {
    Error::invalid(format!(
        "the {part} in the URL of the cluster cannot be read; write it like \
         `nats://host:4222/store?dir=folder`, and special characters as `%` and two digits, such \
         as `%40` for `@`"
    ))
}
