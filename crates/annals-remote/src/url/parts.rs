//! A URL cut into its parts.
//!
//! What cannot be read is not quoted in errors: it may be a piece of a password in which a special
//! character was not escaped.

use std::time::Duration;

use annals_core::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::duration;

/// How a URL begins.
const SCHEME: &str = "annals://";

/// The parameters there are.
const PARAMETERS: [&str; 5] = ["ca", "connect_timeout", "patience", "timeout", "tls"];

/// What stays as it is in a part of a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What was read, without escapes.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) login: Option<(String, String)>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) parameters: Vec<(String, String)>,
}

pub(super) fn split(text: &str) -> Result<Parts> {
    let rest = text.strip_prefix(SCHEME).ok_or_else(|| {
        Error::invalid("this is no URL of a server; write it like `annals://host:2113`")
    })?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (login, place) = match place.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, place),
    };
    let place = place.strip_suffix('/').unwrap_or(place);
    let (host, port) = host_and_port(place)?;
    let login = login.map(|login| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        Ok::<_, Error>((decoded(user, "user")?, decoded(password, "password")?))
    });
    let mut parameters = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or_else(|| unreadable("parameters"))?;
        parameters.push((decoded(name, "parameters")?, decoded(value, "parameters")?));
    }
    Ok(Parts { login: login.transpose()?, host: host.to_owned(), port, parameters })
}

/// The host, an IPv6 address with its brackets, and the port.
fn host_and_port(place: &str) -> Result<(&str, Option<u16>)> {
    // The colons of an IPv6 address stand in brackets.
    let end = place.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match place.get(end..).and_then(|rest| rest.find(':')) {
        Some(at) => (place.get(..end + at).unwrap_or(""), place.get(end + at + 1..)),
        None => (place, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let is_address = |c: char| c.is_ascii_hexdigit() || ":.".contains(c);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => !address.is_empty() && address.chars().all(is_address),
        None => !host.is_empty() && host.chars().all(is_name),
    };
    if !is_host {
        return Err(unreadable("host"));
    }
    let port = port.map(|port| port.parse().map_err(|_| unreadable("port")));
    Ok((host, port.transpose()?))
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

/// A part as it is written in a URL.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// A value that says yes or no.
pub(super) fn flag(name: &str, value: &str) -> Result<bool> {
    value.parse().map_err(|_| Error::invalid(format!("`{name}` has to be `true` or `false`")))
}

/// A value that is a span of time.
pub(super) fn span(name: &str, value: &str) -> Result<Duration> {
    duration::parse(value).ok_or_else(|| {
        Error::invalid(format!("`{name}` has to be a time with its unit, such as `500ms` or `30s`"))
    })
}

pub(super) fn unknown(name: &str) -> Error {
    // What does not look like a name may be a piece of a password.
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let which = if is_name { format!("a parameter `{name}`") } else { "something else".to_owned() };
    let known = PARAMETERS.join(", ");
    Error::invalid(format!("the URL has {which}, which is not known; known are {known}"))
}

fn unreadable(part: &str) -> Error {
    Error::invalid(format!(
        "the {part} in the URL of the server cannot be read; write it like \
         `annals://user:password@host:2113`, with special characters as `%` and two digits"
    ))
}
