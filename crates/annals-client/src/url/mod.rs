//! The URL of a server cut into its parts.
//!
//! What cannot be read is not quoted in errors: it may be a piece of a password in which a special
//! character was not escaped.

mod duration;
mod host;

use std::time::Duration;

use annals_core::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

pub use host::Host;

/// What stays as it is in a part of a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How the URLs of a protocol are written.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// How one may begin, without `://`.
    pub schemes: &'static [&'static str],
    /// A whole one, for errors.
    pub example: &'static str,
    /// The parameters there are.
    pub parameters: &'static [&'static str],
}

/// What was read, without escapes.
#[derive(Debug)]
pub struct Parts {
    /// How it begins: one of those of the form.
    pub scheme: &'static str,
    /// The user and the password.
    pub login: Option<(String, String)>,
    /// Where the server is; several where commas stand between them, and never none.
    pub hosts: Vec<Host>,
    /// The parameters with their values, as they stand.
    pub parameters: Vec<(String, String)>,
}

impl Form {
    /// Cuts a URL into its parts.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no such URL.
    pub fn split(&self, text: &str) -> Result<Parts> {
        let known = |scheme: &str| self.schemes.iter().find(|known| **known == scheme).copied();
        let split = text.split_once("://");
        let split = split.and_then(|(scheme, rest)| Some((known(scheme)?, rest)));
        let (scheme, rest) = split.ok_or_else(|| {
            Error::invalid(format!(
                "this is no URL of a server; write it like `{}`",
                self.example.replace("user:password@", "")
            ))
        })?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, place) = match place.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, place),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        let hosts = place.split(',').map(Host::read);
        let hosts = hosts.collect::<Result<Vec<_>, _>>().map_err(|part| self.unreadable(part))?;
        let login = login.map(|login| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            Ok::<_, Error>((self.decoded(user, "user")?, self.decoded(password, "password")?))
        });
        let mut parameters = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) =
                parameter.split_once('=').ok_or_else(|| self.unreadable("parameters"))?;
            let name = self.decoded(name, "parameters")?;
            parameters.push((name, self.decoded(value, "parameters")?));
        }
        Ok(Parts { scheme, login: login.transpose()?, hosts, parameters })
    }

    fn decoded(&self, text: &str, part: &str) -> Result<String> {
        // An escape that is not one would be taken as it stands.
        let is_escape = |after: &str| {
            after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
        };
        if !text.split('%').skip(1).all(is_escape) {
            return Err(self.unreadable(part));
        }
        let decoded = percent_decode_str(text).decode_utf8().map_err(|_| self.unreadable(part))?;
        Ok(decoded.into_owned())
    }

    /// A parameter that is none of the form's.
    #[must_use]
    pub fn unknown(&self, name: &str) -> Error {
        // What does not look like a name may be a piece of a password.
        let is_name = name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        let which =
            if is_name { format!("a parameter `{name}`") } else { "something else".to_owned() };
        let known = self.parameters.join(", ");
        Error::invalid(format!("the URL has {which}, which is not known; known are {known}"))
    }

    fn unreadable(&self, part: &str) -> Error {
        Error::invalid(format!(
            "the {part} in the URL of the server cannot be read; write it like `{}`, with special \
             characters as `%` and two digits",
            self.example
        ))
    }
}

/// A part as it is written in a URL.
#[must_use]
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// A value that says yes or no.
///
/// # Errors
/// `InvalidArgument` for what is neither.
pub fn flag(name: &str, value: &str) -> Result<bool> {
    let value = value.to_ascii_lowercase();
    value.parse().map_err(|_| Error::invalid(format!("`{name}` has to be `true` or `false`")))
}

/// A value that is a span of time with its unit.
///
/// # Errors
/// `InvalidArgument` for what is none, or longer than 30 days.
pub fn span(name: &str, value: &str) -> Result<Duration> {
    duration::parse(value).ok_or_else(|| {
        Error::invalid(format!("`{name}` has to be a time with its unit, such as `500ms` or `30s`"))
    })
}

/// Sets what may be said once only.
///
/// # Errors
/// `InvalidArgument` when it was said before.
pub fn once<T>(name: &str, place: &mut Option<T>, value: T) -> Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => {
            let why = format!("the URL gives `{name}` twice; leave one of them out");
            Err(Error::invalid(why))
        }
    }
}
