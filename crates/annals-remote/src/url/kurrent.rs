//! Connection strings of KurrentDB's clients: `kurrentdb://user:password@host:2113?tls=false`.
//!
//! The names of parameters are read in any case, as those clients do.

use std::{path::PathBuf, time::Duration};

use annals_core::{Error, ErrorKind, Result};

use super::{Authorities, PORT, Target, Tls, parts};

/// The schemes there are; each may have `+discover` after it.
const SCHEMES: [&str; 4] = ["esdb", "kurrentdb", "kurrent", "kdb"];
/// What says how a cluster is searched and watched, or how errors are told: of no use here.
const PASSED_OVER: [&str; 8] = [
    "connectionname",
    "discoveryinterval",
    "gossiptimeout",
    "keepaliveinterval",
    "keepalivetimeout",
    "maxdiscoverattempts",
    "nodepreference",
    "throwonappendfailure",
];

/// Whether a text begins as a connection string does.
pub(crate) fn is_kurrent(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    let scheme = scheme.map(|scheme| scheme.strip_suffix("+discover").unwrap_or(scheme));
    scheme.is_some_and(|scheme| SCHEMES.contains(&scheme))
}

pub(super) fn parse(text: &str) -> Result<Target> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let place = rest.split('?').next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    if scheme.ends_with("+discover") || place.contains(',') {
        let why = "a cluster is not searched for its leader; name the leader alone, without \
                   `+discover`";
        return Err(Error::new(ErrorKind::Unsupported, why));
    }
    let parts::Parts { login, host, port, parameters } = parts::split(&format!("annals://{rest}"))?;
    let (mut encrypted, mut ca, mut timeout) = (true, None, None);
    for (name, value) in parameters {
        match name.to_ascii_lowercase().as_str() {
            "tls" => encrypted = parts::flag(&name, &value.to_ascii_lowercase())?,
            "tlscafile" => ca = Some(PathBuf::from(value)),
            "tlsverifycert" => checked(&value)?,
            "defaultdeadline" => timeout = Some(millis(&name, &value)?),
            "usercertfile" | "userkeyfile" => {
                let why = "users prove themselves by a password here, not by a certificate";
                return Err(Error::new(ErrorKind::Unsupported, why));
            }
            known if PASSED_OVER.contains(&known) => {}
            // Its name may be a piece of a password.
            _ => {
                let why = "the URL has a parameter that is not known; known are tls, tlsCaFile, \
                           tlsVerifyCert, defaultDeadline and those about clusters";
                return Err(Error::invalid(why));
            }
        }
    }
    let tls = match (encrypted, ca) {
        (false, _) => Tls::Off,
        (true, None) => Tls::On(Authorities::System),
        (true, Some(file)) => Tls::On(Authorities::File(file)),
    };
    let port = port.unwrap_or(PORT);
    Ok(Target { login, tls, host, port, connect_timeout: None, timeout, patience: None })
}

/// As a connection string, without the password.
pub(crate) fn shown(target: &Target) -> String {
    let shown = target.to_string();
    shown.replacen("annals", "kurrentdb", 1)
}

/// A certificate that nobody checks protects from nobody.
fn checked(value: &str) -> Result<()> {
    if parts::flag("tlsVerifyCert", &value.to_ascii_lowercase())? {
        return Ok(());
    }
    let why = "certificates are always checked; give that of the server's authority as \
               `tlsCaFile` in place of `tlsVerifyCert=false`";
    Err(Error::new(ErrorKind::Unsupported, why))
}

fn millis(name: &str, value: &str) -> Result<Duration> {
    let number = value
        .parse()
        .map_err(|_| Error::invalid(format!("`{name}` has to be a number, of milliseconds")))?;
    Ok(Duration::from_millis(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match parse(text) {
            Ok(target) => shown(&target),
            Err(error) => error.kind().code().to_owned(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_node_is_named_as_elsewhere() {
        check("esdb://h", "kurrentdb://h:2113");
        check("kurrentdb://ann:secret@h:7?tls=false", "kurrentdb://ann@h:7?tls=false");
        check("kdb://h/?TLS=False&nodePreference=leader", "kurrentdb://h:2113?tls=false");
        check("kurrentdb://h?tlsVerifyCert=true&tlsCaFile=ca.pem", "kurrentdb://h:2113");
    }

    #[test]
    fn what_is_not_done_is_refused_and_not_passed_over() {
        check("esdb+discover://h", "unsupported");
        check("esdb://a:1,b:2?tls=false", "unsupported");
        check("esdb://h?tlsVerifyCert=false", "unsupported");
        check("esdb://h?userCertFile=x", "unsupported");
        check("esdb://h?nonsense=1", "invalid_argument");
        check("esdb://h?tls=perhaps", "invalid_argument");
        check("esdb://", "invalid_argument");
    }

    #[test]
    fn only_its_schemes_are_taken_for_a_connection_string() {
        assert!(is_kurrent("esdb+discover://h") && is_kurrent("kurrent://h"));
        assert!(!is_kurrent("annals://h") && !is_kurrent("esdb:h") && !is_kurrent("file:esdb"));
    }
}
