//! Where a server is: the connection string that its clients take.

mod parameters;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use annals_client::{
    Connection, KeepAlive, Login, Options, Server, Tls,
    url::{Form, Host, Parts, escaped},
};
use annals_core::{Error, Result};

use crate::discover::discover;

pub(crate) use parameters::Preference;
use parameters::{NAMES, Parameters};

/// How such a URL is written.
const FORM: Form = Form {
    schemes: &[
        "kurrentdb",
        "kurrentdb+discover",
        "esdb",
        "esdb+discover",
        "kurrent",
        "kurrent+discover",
        "kdb",
        "kdb+discover",
    ],
    example: "kurrentdb://user:password@host:2113?tls=false",
    parameters: NAMES,
};

/// A KurrentDB or EventStoreDB, and how it is reached.
///
/// Read from the connection string that its clients take:
/// `kurrentdb://user:password@host:2113?tls=false`, also `esdb:`, `kurrent:` and `kdb:`. What is
/// special in a URL is written as `%` and two digits. With `+discover`, or with several hosts
/// between commas, the hosts are asked which servers the cluster has.
///
/// | Parameter | Meaning |
/// | --- | --- |
/// | `tls` | `true` (the default) or `false` |
/// | `tlsCaFile` | a PEM file of certificates to trust instead of those of the system |
/// | `tlsVerifyCert` | `true`; certificates are always verified, so `false` is refused |
/// | `nodePreference` | which server of a cluster: `leader` (the default), `follower`, `readOnlyReplica` or `random` |
/// | `defaultDeadline` | how long an answer may take, in milliseconds |
/// | `keepAliveInterval`, `keepAliveTimeout` | in milliseconds; `-1`: never asked |
/// | `connectionName` | how the server calls this client in its log |
/// | `maxDiscoverAttempts`, `discoveryInterval` | how often the hosts are asked, and the milliseconds between |
/// | `gossipTimeout`, `throwOnAppendFailure` | taken, and of no effect |
///
/// The names of parameters may be written in any case. It is displayed without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    login: Option<(String, String)>,
    hosts: Vec<Host>,
    pub(crate) discovery: Discovery,
    pub(crate) parameters: Parameters,
}

/// Whether the hosts are asked for the servers of their cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discovery {
    Ask,
    /// There is one host, and that is the server.
    Direct,
}

impl Target {
    /// Whether a URL that begins like this, without `://`, is one of a KurrentDB.
    #[must_use]
    pub fn has_scheme(scheme: &str) -> bool {
        FORM.schemes.contains(&scheme)
    }

    /// The options, with those that the URL sets: the URL wins.
    #[must_use]
    pub fn options(&self, options: Options) -> Options {
        let timeout = self.parameters.deadline.unwrap_or(options.timeout);
        Options { timeout, ..options }
    }

    /// A connection for any service of the server, which is looked for where the URL says so. It
    /// needs the context of the Tokio runtime that drives it.
    ///
    /// # Errors
    /// `InvalidArgument` for a host that cannot be one, and for certificates that cannot be used;
    /// `Unavailable` when no host answers or none of the servers is suited.
    pub async fn connection(&self, options: &Options) -> Result<Connection> {
        let authority = discover(self, options).await?;
        self.connection_to(&authority, options)
    }

    /// A connection to one of its servers, such as the one that another names as their leader: a
    /// host with its port.
    ///
    /// # Errors
    /// `InvalidArgument` for a host that cannot be one, and for certificates that cannot be used.
    pub fn connection_to(&self, authority: &str, options: &Options) -> Result<Connection> {
        self.server(authority)?.connection(options)
    }

    pub(crate) fn tls(&self) -> &Tls {
        &self.parameters.tls
    }

    /// The hosts with their ports.
    pub(crate) fn authorities(&self) -> impl Iterator<Item = String> {
        self.hosts.iter().map(Host::to_string)
    }

    /// How one of its servers is reached.
    pub(crate) fn server<'a>(&'a self, authority: &'a str) -> Result<Server<'a>> {
        let mut login = Login::new(self.login.as_ref())?;
        if let Some(name) = &self.parameters.connection_name {
            login = login.and("connection-name", name)?;
        }
        if self.discovery == Discovery::Ask && self.parameters.preference() == Preference::Leader {
            login = login.and("requires-leader", "true")?;
        }
        let usual = KeepAlive::default();
        let keep_alive = KeepAlive {
            interval: self.parameters.keep_alive_interval.unwrap_or(usual.interval),
            timeout: self.parameters.keep_alive_timeout.unwrap_or(usual.timeout),
        };
        Ok(Server { authority, tls: self.tls(), login, keep_alive })
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let Parts { scheme, login, hosts, parameters } = FORM.split(text)?;
        let is_asked = scheme.ends_with("+discover") || hosts.len() > 1;
        let discovery = if is_asked { Discovery::Ask } else { Discovery::Direct };
        let parameters = Parameters::read(&parameters, &FORM)?;
        Ok(Self { login, hosts, discovery, parameters })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let discover = match self.discovery {
            Discovery::Ask => "+discover",
            Discovery::Direct => "",
        };
        write!(f, "kurrentdb{discover}://")?;
        if let Some((user, _)) = &self.login {
            write!(f, "{}@", escaped(user))?;
        }
        let hosts: Vec<_> = self.authorities().collect();
        f.write_str(&hosts.join(","))?;
        match self.tls() {
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
