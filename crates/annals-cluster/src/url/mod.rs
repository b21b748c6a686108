//! Where a cluster's log is, and where this node keeps its own data: a URL.

mod duration;
mod parameters;
mod parts;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use annals_core::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::names::StoreName;
use parameters::Parameters;

/// How long an append waits at most, where the URL does not say.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// What stays as it is in a part of a URL.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The servers of a log, how they are reached, the store, and the folder of this node.
///
/// Read from a URL: `nats://user:password@host:4222,host:4222/store?dir=folder`. A login without a
/// password is a token. `nats+tls:` and `tls:` ask for TLS. What is special in a URL is written as
/// `%` and two digits.
///
/// | Parameter | Meaning |
/// | --- | --- |
/// | `dir` | the folder in which this node keeps its own data; needed to open a node |
/// | `node` | the name of this node; its folder keeps a random one otherwise |
/// | `timeout` | how long an append waits at most: `500ms`, `10s` (the default), `2min` |
/// | `creds` | a file of credentials, as NATS writes them |
/// | `tls` | `as-server` (the default: as the server asks for), `require`, `first` (before the server says anything) |
/// | `ca` | a file of certificates to trust in place of the system's |
/// | `cert`, `key` | the certificate of the client and its key |
///
/// What the URL leaves out is taken from `NATS_USER`, `NATS_PASSWORD`, `NATS_CREDS` (only when the
/// URL has no login of any kind), `NATS_CA`, `NATS_CERT` and `NATS_KEY`.
///
/// It is displayed as a URL without the login.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) servers: Vec<Server>,
    pub(crate) login: Login,
    pub(crate) tls: Tls,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) identity: Option<Identity>,
    store: StoreName,
    dir: Option<PathBuf>,
    node: Option<String>,
    timeout: Duration,
}

/// A server of NATS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// A name or an address; one of IPv6 has its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Who connects.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Login {
    Nobody,
    Password { user: String, password: String },
    Token(String),
    Credentials(PathBuf),
}

/// The certificate of the client and its key, as files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    /// When the server asks for it.
    AsServer,
    /// Always; the server says first that it is there.
    Require,
    /// Always, from the first byte on.
    First,
}

impl Target {
    /// Reads a URL, with `environment` for the variables of the environment.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no such URL, and for parameters and values that are not known.
    /// The message has no password in it.
    pub fn parse(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let parts = parts::split(text)?;
        let store = StoreName::new(&parts.store)?;
        let parameters = Parameters::read(parts.parameters)?;
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        let login = login(parts.user, parts.password, parameters.creds, &variable)?;
        let path = |name| variable(name).map(PathBuf::from);
        let cert = parameters.cert.or_else(|| path("NATS_CERT"));
        let key = parameters.key.or_else(|| path("NATS_KEY"));
        Ok(Self {
            servers: parts.servers,
            login,
            tls: parameters.tls.unwrap_or(parts.tls),
            ca: parameters.ca.or_else(|| path("NATS_CA")),
            identity: cert.zip(key).map(|(cert, key)| Identity { cert, key }),
            store,
            dir: parameters.dir,
            node: parameters.node,
            timeout: parameters.timeout.unwrap_or(TIMEOUT),
        })
    }

    /// The name of the store.
    #[must_use]
    pub fn store(&self) -> &StoreName {
        &self.store
    }

    /// The folder of the node, where the URL names one.
    #[must_use]
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// The name of the node, where the URL gives one.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// The same with another name of the node.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no name of a node.
    pub fn with_node(self, name: &str) -> Result<Self> {
        Ok(Self { node: Some(parameters::node(name.to_owned())?), ..self })
    }

    /// How long an append waits at most.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The same with one server only.
    pub(crate) fn alone(&self, server: Server) -> Self {
        Self { servers: vec![server], ..self.clone() }
    }

    /// The servers, for words: `host:port, host:port`.
    pub(crate) fn places(&self) -> String {
        let places: Vec<_> = self.servers.iter().map(ToString::to_string).collect();
        places.join(", ")
    }
}

fn login(
    user: Option<String>,
    password: Option<String>,
    creds: Option<PathBuf>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Login> {
    match (user, password, creds) {
        (Some(_), _, Some(_)) => {
            Err(Error::invalid("the URL has a login and `creds`; leave one of them out"))
        }
        (None, Some(_), _) => Err(Error::invalid("the URL has a password, but no user")),
        (Some(user), Some(password), None) => Ok(Login::Password { user, password }),
        (Some(token), None, None) => Ok(Login::Token(token)),
        (None, None, Some(file)) => Ok(Login::Credentials(file)),
        (None, None, None) => Ok(match (variable("NATS_CREDS"), variable("NATS_USER")) {
            (Some(file), _) => Login::Credentials(PathBuf::from(file)),
            (None, Some(user)) => match variable("NATS_PASSWORD") {
                Some(password) => Login::Password { user, password },
                None => Login::Token(user),
            },
            (None, None) => Login::Nobody,
        }),
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Reads a URL, with the environment of the process.
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text, &|name| std::env::var(name).ok())
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls == Tls::AsServer { "nats" } else { "nats+tls" };
        let places = self.places().replace(", ", ",");
        write!(f, "{scheme}://{places}/{}", self.store)?;
        let escaped = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
        let path =
            |path: &Option<PathBuf>| path.as_ref().map(|path| escaped(&path.to_string_lossy()));
        let mut parameters = vec![
            ("dir", path(&self.dir)),
            ("node", self.node.as_deref().map(escaped)),
            ("ca", path(&self.ca)),
        ];
        if self.tls == Tls::First {
            parameters.push(("tls", Some("first".to_owned())));
        }
        if self.timeout != TIMEOUT {
            parameters.push(("timeout", Some(format!("{}ms", self.timeout.as_millis()))));
        }
        let mut separator = '?';
        for (name, value) in parameters {
            let Some(value) = value else { continue };
            write!(f, "{separator}{name}={value}")?;
            separator = '&';
        }
        Ok(())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.to_string()).finish()
    }
}
