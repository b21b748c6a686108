//! Where a server is: its URL.

#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use annals_client::{
    Authorities, Connection, KeepAlive, Login, Options, Server, Tls,
    url::{Form, Host, Parts, escaped, flag, once, span},
};
use annals_core::{Error, Result};

/// How such a URL is written.
const FORM: Form = Form {
    schemes: &["annals"],
    example: "annals://user:password@host:2113",
    parameters: &["ca", "connect_timeout", "patience", "timeout", "tls"],
};

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
    login: Option<(String, String)>,
    pub(crate) tls: Tls,
    /// With its port.
    authority: String,
    connect_timeout: Option<Duration>,
    timeout: Option<Duration>,
    patience: Option<Duration>,
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

    /// A connection for any service of the server. It is made by its first call, and needs the
    /// context of the Tokio runtime that drives it.
    ///
    /// # Errors
    /// `InvalidArgument` for a host that cannot be one, and for certificates that cannot be used.
    pub fn connection(&self, options: &Options) -> Result<Connection> {
        self.server()?.connection(options)
    }

    /// The same to another server that is reached in the same way, such as one that this server
    /// names as its leader: a host with its port.
    ///
    /// # Errors
    /// As for [`connection`](Self::connection).
    pub fn connection_to(&self, authority: &str, options: &Options) -> Result<Connection> {
        Server { authority, ..self.server()? }.connection(options)
    }

    /// How the server is reached.
    fn server(&self) -> Result<Server<'_>> {
        let login = Login::new(self.login.as_ref())?;
        let keep_alive = KeepAlive::default();
        Ok(Server { authority: &self.authority, tls: &self.tls, login, keep_alive })
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Parts { login, hosts, parameters, .. } = FORM.split(text)?;
        let (mut encrypted, mut ca) = (None, None);
        let mut target = Self {
            login,
            tls: Tls::Off,
            authority: only(&hosts)?.to_string(),
            connect_timeout: None,
            timeout: None,
            patience: None,
        };
        for (name, value) in &parameters {
            match name.as_str() {
                "tls" => once(name, &mut encrypted, flag(name, value)?),
                "ca" => once(name, &mut ca, PathBuf::from(value)),
                "connect_timeout" => once(name, &mut target.connect_timeout, span(name, value)?),
                "timeout" => once(name, &mut target.timeout, span(name, value)?),
                "patience" => once(name, &mut target.patience, span(name, value)?),
                _ => Err(FORM.unknown(name)),
            }?;
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

fn only(hosts: &[Host]) -> Result<&Host> {
    match hosts {
        [host] => Ok(host),
        _ => Err(Error::invalid("a URL of this kind names one server; leave the others out")),
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("annals://")?;
        if let Some((user, _)) = &self.login {
            write!(f, "{}@", escaped(user))?;
        }
        f.write_str(&self.authority)?;
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
