//! Where a store is: the URL of a database, with what the environment adds.

mod duration;
mod environment;
mod parameters;
mod parts;
mod pass_file;
mod read;
mod read_from;
mod server;
mod settings;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr, time::Duration};

use annals_core::{Error, Result};
use tokio_postgres::config::TargetSessionAttrs;

use crate::{Options, tls::Tls};
pub(crate) use read_from::ReadFrom;
pub use read_from::Staleness;
pub(crate) use server::{Place, Server};
use settings::Settings;

/// A database, how it is reached, and the store in it.
///
/// Read from a URL:
/// `postgres://user:password@host:port/database?schema=orders&sslmode=verify-full`, or
/// `postgresql:`. There may be several hosts, divided by commas. What is special in a URL is
/// written as `%` and two digits.
///
/// | Parameter | Meaning |
/// | --- | --- |
/// | `schema` | the schema that holds the tables |
/// | `migrate` | `on-open` or `never` |
/// | `partitions` | of the events, when the store is begun: a power of two from 2 to 256 |
/// | `pool_size`, `pool_timeout`, `statement_timeout`, `answer_grace`, `lock_timeout`, `patience`, `poll_every` | as in [`Options`]; times have a unit: `500ms`, `30s`, `5min`, `1h` |
/// | `read_from`, `staleness` | replicas to read events from, `host:port` divided by commas, and how old what they give may be: `own` or `any`, see [`Staleness`]; only together |
/// | `sslmode` | `disable`, `allow`, `prefer` (the default), `require`, `verify-ca`, `verify-full` |
/// | `sslrootcert` | a file of certificates to trust, or `system`; `~/.postgresql/root.crt` where there is one |
/// | `sslcert`, `sslkey` | the certificate of the client and its key |
/// | `host`, `hostaddr`, `port`, `user`, `password`, `dbname`, `passfile` | as in libpq; a host that begins with `/` is the folder of a Unix socket |
/// | `application_name`, `options`, `connect_timeout` | as in libpq; `application_name` is `annals` by default, and `connect_timeout` is in seconds or has a unit, is for the whole way to a connection, and 10 s where none is given |
/// | `target_session_attrs` | `any`, `read-write` (the default for several hosts), `read-only` |
///
/// What the URL leaves out is taken from `PGHOST`, `PGHOSTADDR` (when the URL names no host),
/// `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGPASSFILE`, `PGDATABASE`, `PGSSLMODE`, `PGSSLROOTCERT`,
/// `PGSSLCERT`, `PGSSLKEY`, `PGAPPNAME`, `PGOPTIONS`, `PGCONNECT_TIMEOUT` and
/// `PGTARGETSESSIONATTRS`, and the password from `~/.pgpass`.
///
/// It is displayed as a URL without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) servers: Vec<Server>,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) application_name: String,
    /// Settings for the server's process.
    pub(crate) options: Option<String>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) session: TargetSessionAttrs,
    pub(crate) tls: Tls,
    pub(crate) read_from: Option<ReadFrom>,
    settings: Settings,
    shown: String,
}

impl Target {
    /// Reads a URL, with `environment` for the variables of the environment.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no such URL, and for parameters and values that are not known.
    /// The message has no password in it.
    pub fn parse(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        read::target(text, environment)
    }

    /// The options, with those that the URL sets: the URL wins.
    #[must_use]
    pub fn options(&self, options: Options) -> Options {
        self.settings.over(options)
    }
}

impl FromStr for Target {
    type Err = Error;

    /// Reads a URL, with the environment of the process.
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text, &|name| std::env::var(name).ok())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.shown).finish()
    }
}
