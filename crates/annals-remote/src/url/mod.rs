//! Where a server is: its URL.

mod duration;
mod kurrent;
mod parts;
#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use annals_core::{Error, Result};

use crate::Options;
pub(crate) use kurrent::{is_kurrent, shown as kurrent_shown};
use parts::Parts;

/// The port that servers have unless they are told otherwise.
const PORT: u16 = 2113;

/// A server, and how it is reached.
///
/// Read from a URL: `annals://user:password@host:2113?tls=false`. What is special in a URL is
/// written as `%` and two digits. The connection is encrypted unless the URL says `tls=false`, also
/// to the same machine, as with `kurrentdb:` and `esdb:`.
///
/// | Parameter | Meaning |
/// | --- | --- |
/// | `tls` | `true` (the default) or `false` |
/// | `ca` | a PEM file of certificates to trust instead of those of the system |
/// | `connect_timeout`, `timeout`, `patience` | as in [`Options`]; times have a unit: `500ms`, `30s`, `5min`, `1h` |
///
/// It is displayed as a URL without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) login: Option<(String, String)>,
    pub(crate) tls: Tls,
    /// A name, an address, or an IPv6 address in brackets.
    host: String,
    port: u16,
    connect_timeout: Option<Duration>,
    timeout: Option<Duration>,
    patience: Option<Duration>,
}

/// Whether the connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    Off,
    On(Authorities),
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authorities {
    System,
    File(PathBuf),
}

impl Target {
    /// The options, with those that the URL sets: the URL wins.
    #[must_use]
    pub fn options(&self, options: Options) -> Options {
        Options {
            connect_timeout: self.connect_timeout.unwrap_or(options.connect_timeout),
            timeout: self.timeout.unwrap_or(options.timeout),
            patience: self.patience.unwrap_or(options.patience),
            ..options
        }
    }

    /// The server that a connection string of KurrentDB's clients names.
    ///
    /// # Errors
    /// `InvalidArgument` for what cannot be read, `Unsupported` for what only those clients do.
    pub(crate) fn from_kurrent(text: &str) -> Result<Self> {
        kurrent::parse(text)
    }

    /// The host with its port.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Parts { login, host, port, parameters } = parts::split(text)?;
        let (mut encrypted, mut ca) = (None, None);
        let mut target = Self {
            login,
            tls: Tls::Off,
            host,
            port: port.unwrap_or(PORT),
            connect_timeout: None,
            timeout: None,
            patience: None,
        };
        for (name, value) in parameters {
            let is_new = match name.as_str() {
                "tls" => encrypted.replace(parts::flag(&name, &value)?).is_none(),
                "ca" => ca.replace(PathBuf::from(value)).is_none(),
                "connect_timeout" => {
                    target.connect_timeout.replace(parts::span(&name, &value)?).is_none()
                }
                "timeout" => target.timeout.replace(parts::span(&name, &value)?).is_none(),
                "patience" => target.patience.replace(parts::span(&name, &value)?).is_none(),
                _ => return Err(parts::unknown(&name)),
            };
            if !is_new {
                let why = format!("the URL gives `{name}` twice; leave one of them out");
                return Err(Error::invalid(why));
            }
        }
        target.tls = match (encrypted.unwrap_or(true), ca) {
            (true, None) => Tls::On(Authorities::System),
            (true, Some(file)) => Tls::On(Authorities::File(file)),
            (false, None) => Tls::Off,
            (false, Some(_)) => {
                return Err(Error::invalid("`ca` is of no use with `tls=false`; leave one out"));
            }
        };
        Ok(target)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("annals://")?;
        if let Some((user, _)) = &self.login {
            write!(f, "{}@", parts::escaped(user))?;
        }
        f.write_str(&self.authority())?;
        match self.tls {
            Tls::Off => f.write_str("?tls=false"),
            Tls::On(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.to_string()).finish()
    }
}
