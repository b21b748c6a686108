//! The parameters of a connection string.

use std::{path::PathBuf, time::Duration};

use annals_client::{
    Authorities, Tls,
    url::{Form, flag, once},
};
use annals_core::{Error, ErrorKind, Result};

/// Their names, as clients write them.
pub(super) const NAMES: &[&str] = &[
    "connectionName",
    "defaultDeadline",
    "discoveryInterval",
    "gossipTimeout",
    "keepAliveInterval",
    "keepAliveTimeout",
    "maxDiscoverAttempts",
    "nodePreference",
    "throwOnAppendFailure",
    "tls",
    "tlsCaFile",
    "tlsVerifyCert",
];

/// What they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) tls: Tls,
    pub(crate) connection_name: Option<String>,
    pub(crate) deadline: Option<Duration>,
    /// Inside, none for never.
    pub(crate) keep_alive_interval: Option<Option<Duration>>,
    pub(crate) keep_alive_timeout: Option<Duration>,
    preference: Option<Preference>,
    attempts: Option<u32>,
    interval: Option<Duration>,
}

/// Which server of a cluster to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preference {
    Leader,
    Follower,
    ReadOnlyReplica,
    Any,
}

/// How often the hosts of a cluster are asked, and the pause between.
const ATTEMPTS: u32 = 10;
const INTERVAL: Duration = Duration::from_millis(100);

impl Parameters {
    pub(super) fn read(parameters: &[(String, String)], form: &Form) -> Result<Self> {
        let (mut encrypted, mut ca, mut ignored) = (None, None, (None, None, None));
        let mut read = Self {
            tls: Tls::Off,
            connection_name: None,
            deadline: None,
            keep_alive_interval: None,
            keep_alive_timeout: None,
            preference: None,
            attempts: None,
            interval: None,
        };
        for (given, value) in parameters {
            let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(given));
            let name = known.copied().ok_or_else(|| form.unknown(given))?;
            match name {
                "tls" => once(name, &mut encrypted, flag(name, value)?),
                "tlsCaFile" => once(name, &mut ca, PathBuf::from(value)),
                "tlsVerifyCert" => once(name, &mut ignored.0, verified(flag(name, value)?)?),
                "connectionName" => once(name, &mut read.connection_name, value.clone()),
                "defaultDeadline" => once(name, &mut read.deadline, millis(name, value)?),
                "keepAliveInterval" => {
                    once(name, &mut read.keep_alive_interval, millis_or_never(name, value)?)
                }
                "keepAliveTimeout" => {
                    let timeout = millis_or_never(name, value)?.unwrap_or(Duration::MAX);
                    once(name, &mut read.keep_alive_timeout, timeout)
                }
                "nodePreference" => once(name, &mut read.preference, preference(value)?),
                "maxDiscoverAttempts" => once(name, &mut read.attempts, attempts(name, value)?),
                "discoveryInterval" => once(name, &mut read.interval, millis(name, value)?),
                "gossipTimeout" => once(name, &mut ignored.1, millis(name, value)?),
                // How a client of another language reports a conflict.
                _ => once(name, &mut ignored.2, flag(name, value)?),
            }?;
        }
        read.tls = match (encrypted.unwrap_or(true), ca) {
            (true, None) => Tls::On(Authorities::System),
            (true, Some(file)) => Tls::On(Authorities::File(file)),
            // Clients leave it in the string when they turn encryption off.
            (false, _) => Tls::Off,
        };
        Ok(read)
    }

    pub(crate) fn preference(&self) -> Preference {
        self.preference.unwrap_or(Preference::Leader)
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.unwrap_or(ATTEMPTS)
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval.unwrap_or(INTERVAL)
    }
}

fn verified(is_verified: bool) -> Result<()> {
    if is_verified {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        "`tlsVerifyCert=false` would let anybody answer for the server; give the certificate of \
         its authority as `tlsCaFile` instead",
    ))
}

fn preference(value: &str) -> Result<Preference> {
    Ok(match value.to_ascii_lowercase().as_str() {
        "leader" => Preference::Leader,
        "follower" => Preference::Follower,
        "readonlyreplica" => Preference::ReadOnlyReplica,
        "random" => Preference::Any,
        _ => {
            return Err(Error::invalid(
                "`nodePreference` has to be `leader`, `follower`, `readOnlyReplica` or `random`",
            ));
        }
    })
}

fn attempts(name: &str, value: &str) -> Result<u32> {
    let attempts = value.parse().ok().filter(|attempts| *attempts > 0);
    attempts.ok_or_else(|| Error::invalid(format!("`{name}` has to be a whole number from 1")))
}

fn millis(name: &str, value: &str) -> Result<Duration> {
    let millis = value.parse().ok().filter(|millis| *millis > 0).map(Duration::from_millis);
    millis.ok_or_else(|| {
        Error::invalid(format!("`{name}` has to be a number of milliseconds, greater than 0"))
    })
}

fn millis_or_never(name: &str, value: &str) -> Result<Option<Duration>> {
    if value == "-1" { Ok(None) } else { millis(name, value).map(Some) }
}
