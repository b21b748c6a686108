//! From a URL and an environment to a target.

use std::path::PathBuf;

use annals_core::{Error, Result};
use tokio_postgres::config::TargetSessionAttrs;

use super::{
    Target,
    environment::Asked,
    parameters::Given,
    parts::{escaped, split},
    pass_file::{self, Wanted},
    read_from::ReadFrom,
    server::{Lists, PORT, Place, Server},
    settings::{Settings, connect_timeout},
};
use crate::tls::{Identity, Mode, Root, Tls};

pub(super) fn target(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Target> {
    let given = Given::new(split(text)?)?;
    let asked = Asked { given: &given, lookup };
    let user = asked.text("user")?.or_else(|| asked.variable("USER")).ok_or_else(|| {
        Error::invalid(
            "the URL names no user; write `postgres://user@host/database`, or set PGUSER",
        )
    })?;
    let database = asked.text("dbname")?.unwrap_or_else(|| user.clone());
    let mut servers = servers(&asked)?;
    let mut read_from = ReadFrom::read(&asked)?;
    let replicas = read_from.iter_mut().flat_map(|read_from| &mut read_from.servers);
    fill_passwords(&asked, servers.iter_mut().chain(replicas), &database, &user)?;
    let session = asked.read("target_session_attrs", |value| match value.text {
        "any" => Ok(TargetSessionAttrs::Any),
        "read-write" => Ok(TargetSessionAttrs::ReadWrite),
        "read-only" => Ok(TargetSessionAttrs::ReadOnly),
        _ => Err(value.refuse("it is `any`, `read-write` or `read-only`")),
    })?;
    // Of several servers the one that takes writes is meant.
    let usual = match servers.len() {
        1 => TargetSessionAttrs::Any,
        _ => TargetSessionAttrs::ReadWrite,
    };
    let shown = shown(&given, &servers, &user, &database);
    Ok(Target {
        application_name: asked.text("application_name")?.unwrap_or_else(|| "annals".to_owned()),
        options: asked.text("options")?,
        connect_timeout: asked.read("connect_timeout", connect_timeout)?.flatten(),
        session: session.unwrap_or(usual),
        tls: tls(&asked)?,
        read_from,
        settings: Settings::read(&asked)?,
        servers,
        user,
        database,
        shown,
    })
}

fn servers(asked: &Asked<'_>) -> Result<Vec<Server>> {
    let hosts = asked.text("host")?;
    // An address of the environment belongs to the host of the environment.
    let addresses = match asked.given.get("host") {
        Some(_) => asked.given.get("hostaddr").map(str::to_owned),
        None => asked.text("hostaddr")?,
    };
    let ports = asked.text("port")?;
    let lists =
        Lists { hosts: hosts.as_deref(), addresses: addresses.as_deref(), ports: ports.as_deref() };
    lists.servers()
}

/// The password that is given is for all servers; a file may have one for each.
fn fill_passwords<'s>(
    asked: &Asked<'_>,
    servers: impl Iterator<Item = &'s mut Server>,
    database: &str,
    user: &str,
) -> Result<()> {
    let for_all = asked.text("password")?;
    let in_home = || asked.variable("HOME").map(|home| PathBuf::from(home).join(".pgpass"));
    let file = match for_all {
        Some(_) => None,
        None => asked.text("passfile")?.map(PathBuf::from).or_else(in_home),
    };
    let file = file.and_then(|path| pass_file::read(&path)).unwrap_or_default();
    for server in servers {
        let found = pass_file::find(&file, Wanted { server, database, user });
        server.password = for_all.clone().or(found);
    }
    Ok(())
}

fn tls(asked: &Asked<'_>) -> Result<Tls> {
    let mode = asked.read("sslmode", |value| {
        Mode::named(value.text).ok_or_else(|| value.refuse(&format!("known are {}", Mode::names())))
    })?;
    let in_home =
        || asked.variable("HOME").map(|home| PathBuf::from(home).join(".postgresql/root.crt"));
    let root = match asked.text("sslrootcert")?.as_deref() {
        Some("system") => Root::System,
        Some(file) => Root::File(file.into()),
        None => Root::Usual(in_home()),
    };
    let mode = match (root == Root::System, mode) {
        (true, None | Some(Mode::VerifyFull)) => Mode::VerifyFull,
        // Anybody gets a certificate from those that the system trusts, for a name of his own.
        (true, Some(_)) => {
            return Err(Error::invalid(
                "`sslrootcert=system` proves nothing without the name of the host; use it with \
                 `sslmode=verify-full`",
            ));
        }
        (false, mode) => mode.unwrap_or(Mode::Prefer),
    };
    let identity = match (asked.text("sslcert")?, asked.text("sslkey")?) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            Some(Identity { certificate: certificate.into(), key: key.into() })
        }
        _ => {
            return Err(Error::invalid(
                "`sslcert` and `sslkey` belong together; give both or none",
            ));
        }
    };
    Ok(Tls { mode, root, identity })
}

/// The URL with nothing secret in it.
fn shown(given: &Given, servers: &[Server], user: &str, database: &str) -> String {
    let places: Vec<_> = servers.iter().map(shown_server).collect();
    let apart = ["user", "password", "host", "port", "dbname"];
    let parameters: Vec<_> = given
        .iter()
        .filter(|(name, _)| !apart.contains(name))
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    let query = if parameters.is_empty() { "" } else { "?" };
    let (user, places, parameters) = (escaped(user), places.join(","), parameters.join("&"));
    format!("postgres://{user}@{places}/{}{query}{parameters}", escaped(database))
}

fn shown_server(server: &Server) -> String {
    let place = match &server.place {
        Place::Name(name) if name.contains(':') => format!("[{name}]"),
        Place::Name(name) => escaped(name),
        Place::Folder(folder) => escaped(&folder.to_string_lossy()),
    };
    if server.port == PORT { place } else { format!("{place}:{}", server.port) }
}
