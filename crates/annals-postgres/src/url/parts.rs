//! A URL cut into its parts.
//!
//! What cannot be read is not quoted in errors: it may be a piece of a password in which a special
//! character was not escaped.

use annals_core::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// How a URL begins.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// What stays as it is in a part of a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What was read, without escapes. Several hosts and ports are divided by commas.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
    pub(super) database: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
}

pub(super) fn split(text: &str) -> Result<Parts> {
    let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)).ok_or_else(|| {
        Error::invalid(
            "this is no URL of a database; write it like `postgres://user@host:5432/database`",
        )
    })?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    if query.contains('@') {
        return Err(unescaped("parameters"));
    }
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    if path.contains(['/', '@']) {
        return Err(unescaped("name of the database"));
    }
    let mut parts =
        Parts { database: filled(decoded(path, "name of the database")?), ..Parts::default() };
    let hosts = match authority.rsplit_once('@') {
        Some((login, hosts)) => {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            parts.user = filled(decoded(user, "user")?);
            parts.password = filled(decoded(password, "password")?);
            hosts
        }
        None => authority,
    };
    read_hosts(hosts, &mut parts)?;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or_else(|| unescaped("parameters"))?;
        parts.parameters.push((decoded(name, "parameters")?, decoded(value, "parameters")?));
    }
    Ok(parts)
}

fn read_hosts(text: &str, parts: &mut Parts) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    (parts.host, parts.port) = places(text)?;
    Ok(())
}

/// The hosts and the ports of a list of places, each `host`, `host:port` or `[address]:port`.
pub(super) fn places(text: &str) -> Result<(Option<String>, Option<String>)> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for place in text.split(',') {
        // The colons of an IPv6 address stand in brackets.
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or_else(|| unescaped("host"))?;
                let port = match after.strip_prefix(':') {
                    None if after.is_empty() => "",
                    None => return Err(unescaped("host")),
                    Some(port) => port,
                };
                (host, port)
            }
            None => place.split_once(':').unwrap_or((place, "")),
        };
        if !port.chars().all(|c| c.is_ascii_digit()) {
            return Err(unescaped("port"));
        }
        hosts.push(decoded(host, "host")?);
        ports.push(port);
    }
    let has_port = ports.iter().any(|port| !port.is_empty());
    Ok((filled(hosts.join(",")), has_port.then(|| ports.join(","))))
}

/// Nothing is the same as not given.
fn filled(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn decoded(text: &str, part: &str) -> Result<String> {
    // An escape that is not one would be taken as it stands.
    let is_escape = |after: &str| {
        after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
    };
    if !text.split('%').skip(1).all(is_escape) {
        return Err(unescaped(part));
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| unescaped(part))?;
    if decoded.contains('\0') {
        return Err(unescaped(part));
    }
    Ok(decoded.into_owned())
}

/// A part as it is written in a URL.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn unescaped(part: &str) -> Error {
    Error::invalid(format!(
        "the {part} in the URL of the database cannot be read; write special characters as `%` \
         and two digits, such as `%40` for `@` and `%2F` for `/`"
    ))
}
