//! The flags that say who may come in: one of three ways has to be chosen.

use std::{env, fs, net::SocketAddr, path::PathBuf};

use annals_server::{Anonymous, Secret, Secured, Security, TlsFiles};

use crate::failure::{Failure, OrFail, Result};

/// Who may come in.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Security")]
pub(super) struct SecurityArgs {
    /// The certificate of the server in PEM, with those that lead to its authority; a new one is
    /// used as soon as it is there
    #[arg(long, value_name = "FILE", env = "ANNALS_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", env = "ANNALS_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Users log in, but nothing is encrypted: behind a proxy that encrypts, or on this machine
    #[arg(long, env = "ANNALS_AUTH_WITHOUT_TLS", conflicts_with = "tls_cert")]
    auth_without_tls: bool,
    /// Nothing is encrypted, and everybody may do everything; on this machine only
    #[arg(
        long,
        env = "ANNALS_INSECURE",
        conflicts_with_all = ["tls_cert", "auth_without_tls", "admin_password_file", "api_keys"]
    )]
    insecure: bool,
    /// With --insecure, also for everybody in the network
    #[arg(long, env = "ANNALS_INSECURE_ANYWHERE", requires = "insecure")]
    insecure_anywhere: bool,
    /// A file with the password that `admin` gets on the first start; ANNALS_ADMIN_PASSWORD and
    /// ANNALS_OPS_PASSWORD count too, else passwords are generated and shown once
    #[arg(long, value_name = "FILE", env = "ANNALS_ADMIN_PASSWORD_FILE")]
    admin_password_file: Option<PathBuf>,
    /// A file with hashes of API keys, as `annals users key create --file` writes it
    #[arg(long, value_name = "FILE", env = "ANNALS_API_KEYS")]
    api_keys: Option<PathBuf>,
    /// Callers without credentials may do what access lists give to everybody
    #[arg(long, env = "ANNALS_ANONYMOUS")]
    anonymous: bool,
}

impl SecurityArgs {
    /// What was chosen.
    ///
    /// # Errors
    /// Usage when nothing was chosen, or what is for one machine would be for the network.
    pub(super) fn chosen(&self, listen: SocketAddr) -> Result<Security> {
        let tls = self.tls_cert.clone().zip(self.tls_key.clone());
        let tls = tls.map(|(certificate, key)| TlsFiles { certificate, key });
        if self.insecure {
            return self.insecure(listen);
        }
        if tls.is_none() && !self.auth_without_tls {
            return Err(Failure::usage(
                "it is not said who may come in, and nothing is served to everybody by accident",
                "`--tls-cert FILE --tls-key FILE` (`annals cert dev` makes them), or `--insecure` \
                 for this machine alone, or `--auth-without-tls` behind a proxy",
            ));
        }
        Ok(Security::Secured(Secured {
            tls,
            anonymous: if self.anonymous { Anonymous::AsListed } else { Anonymous::Nothing },
            admin_password: self.admin_password()?,
            ops_password: variable("ANNALS_OPS_PASSWORD"),
            api_keys: self.api_keys.clone(),
        }))
    }

    fn insecure(&self, listen: SocketAddr) -> Result<Security> {
        if !listen.ip().is_loopback() && !self.insecure_anywhere {
            return Err(Failure::usage(
                format!("`--insecure` on {listen} would let everybody in the network in"),
                "listen on 127.0.0.1, or add `--insecure-anywhere` if everybody in the network may",
            ));
        }
        Ok(Security::Insecure)
    }

    /// What should be known of the choice, if anything.
    pub(super) fn warning(&self, listen: SocketAddr) -> Option<&'static str> {
        match (self.insecure, listen.ip().is_loopback()) {
            (true, true) => Some(
                "without encryption and authentication: everybody on this machine may do \
                 everything",
            ),
            (true, false) => Some(
                "without encryption and authentication: everybody in the network may do \
                 everything",
            ),
            (false, false) if self.auth_without_tls => {
                Some("passwords are not encrypted on their way here; a proxy has to do it")
            }
            (false, _) => None,
        }
    }

    fn admin_password(&self) -> Result<Option<Secret>> {
        let Some(path) = &self.admin_password_file else {
            return Ok(variable("ANNALS_ADMIN_PASSWORD"));
        };
        let text = fs::read_to_string(path)
            .or_fail(|| format!("the password in `{}` cannot be read", path.display()))?;
        Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
    }
}

/// A password is taken from no flag: others on the machine see those.
fn variable(name: &str) -> Option<Secret> {
    env::var(name).ok().filter(|text| !text.is_empty()).map(Secret::new)
}
