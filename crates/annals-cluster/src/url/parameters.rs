//! The parameters that a URL may have, and the variables that stand in for some.

use std::{path::PathBuf, time::Duration};

use annals_core::{Error, Result};

use super::{Tls, duration};

/// What a URL says after its `?`.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) ca: Option<PathBuf>,
    pub(super) cert: Option<PathBuf>,
    pub(super) creds: Option<PathBuf>,
    pub(super) dir: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) node: Option<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) tls: Option<Tls>,
}

const KNOWN: [&str; 8] = ["ca", "cert", "creds", "dir", "key", "node", "timeout", "tls"];

/// The most letters of the name of a node.
const NODE_NAME_MAX: usize = 64;

impl Parameters {
    pub(super) fn read(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut read = Self::default();
        for (name, value) in pairs {
            let is_new = match name.as_str() {
                "ca" => fill(&mut read.ca, file(&name, &value)?),
                "cert" => fill(&mut read.cert, file(&name, &value)?),
                "creds" => fill(&mut read.creds, file(&name, &value)?),
                "dir" => fill(&mut read.dir, file(&name, &value)?),
                "key" => fill(&mut read.key, file(&name, &value)?),
                "node" => fill(&mut read.node, node(value)?),
                "timeout" => fill(&mut read.timeout, timeout(&value)?),
                "tls" => fill(&mut read.tls, tls(&value)?),
                _ => return Err(unknown(&name)),
            };
            if !is_new {
                return Err(Error::invalid(format!(
                    "the URL gives `{name}` twice; leave one of them out"
                )));
            }
        }
        if read.cert.is_some() != read.key.is_some() {
            return Err(Error::invalid(
                "the URL has one of `cert` and `key`; a certificate of the client needs both",
            ));
        }
        Ok(read)
    }
}

fn fill<T>(place: &mut Option<T>, value: T) -> bool {
    place.replace(value).is_none()
}

fn file(name: &str, value: &str) -> Result<PathBuf> {
    if value.is_empty() {
        return Err(Error::invalid(format!("`{name}=` in the URL is empty; give it a path")));
    }
    Ok(PathBuf::from(value))
}

pub(super) fn node(value: String) -> Result<String> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if value.is_empty() || value.len() > NODE_NAME_MAX || !value.chars().all(is_known) {
        return Err(Error::invalid(format!(
            "`{value}` is no name of a node; it has 1 to {NODE_NAME_MAX} letters, \
             digits, `-`, `_` and `.`"
        )));
    }
    Ok(value)
}

fn timeout(value: &str) -> Result<Duration> {
    duration::parse(value).ok_or_else(|| {
        Error::invalid(format!(
            "`timeout={value}` in the URL is not understood; write a number and `ms`, `s` or \
             `min`, from `1ms` to `60min`"
        ))
    })
}

fn tls(value: &str) -> Result<Tls> {
    match value {
        "as-server" => Ok(Tls::AsServer),
        "require" => Ok(Tls::Require),
        "first" => Ok(Tls::First),
        _ => Err(Error::invalid(format!(
            "`tls={value}` in the URL is not understood; it is `as-server`, `require` or `first`"
        ))),
    }
}

fn unknown(name: &str) -> Error {
    // A secret in a query string ends up in shell histories and logs of proxies.
    if ["token", "password", "pass", "user"].contains(&name) {
        return Error::invalid(format!(
            "the URL has a parameter `{name}`; write a login before the host, as in \
             `nats://user:password@host` or `nats://token@host`, or use `creds=FILE`"
        ));
    }
    // What does not look like a name may be a piece of a password.
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let which = if is_name { format!("a parameter `{name}`") } else { "something else".to_owned() };
    Error::invalid(format!(
        "the URL has {which}, which is not known; known are {}",
        KNOWN.join(", ")
    ))
}
