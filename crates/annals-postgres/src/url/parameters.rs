//! The parameters that a URL may have.

use std::collections::BTreeMap;

use annals_core::{Error, Result};

use super::parts::Parts;

/// A parameter, and the variable of the environment that stands in for it.
struct Known {
    name: &'static str,
    variable: Option<&'static str>,
}

const fn libpq(name: &'static str, variable: &'static str) -> Known {
    Known { name, variable: Some(variable) }
}

const fn own(name: &'static str) -> Known {
    Known { name, variable: None }
}

const KNOWN: &[Known] = &[
    own("answer_grace"),
    libpq("application_name", "PGAPPNAME"),
    libpq("connect_timeout", "PGCONNECT_TIMEOUT"),
    libpq("dbname", "PGDATABASE"),
    libpq("host", "PGHOST"),
    libpq("hostaddr", "PGHOSTADDR"),
    own("lock_timeout"),
    own("migrate"),
    libpq("options", "PGOPTIONS"),
    own("partitions"),
    libpq("passfile", "PGPASSFILE"),
    libpq("password", "PGPASSWORD"),
    own("patience"),
    own("poll_every"),
    own("pool_size"),
    own("pool_timeout"),
    libpq("port", "PGPORT"),
    own("read_from"),
    own("schema"),
    libpq("sslcert", "PGSSLCERT"),
    libpq("sslkey", "PGSSLKEY"),
    libpq("sslmode", "PGSSLMODE"),
    libpq("sslrootcert", "PGSSLROOTCERT"),
    own("staleness"),
    own("statement_timeout"),
    libpq("target_session_attrs", "PGTARGETSESSIONATTRS"),
    libpq("user", "PGUSER"),
];

/// What a URL says, by the names of the parameters.
#[derive(Debug)]
pub(super) struct Given(BTreeMap<&'static str, String>);

impl Given {
    pub(super) fn new(parts: Parts) -> Result<Self> {
        let mut given = Self(BTreeMap::new());
        let Parts { user, password, host, port, database, parameters } = parts;
        let places = [
            ("user", user),
            ("password", password),
            ("host", host),
            ("port", port),
            ("dbname", database),
        ];
        for (name, value) in places {
            if let Some(value) = value {
                given.add(name, value)?;
            }
        }
        for (name, value) in parameters {
            given.add(&name, value)?;
        }
        Ok(given)
    }

    fn add(&mut self, name: &str, value: String) -> Result<()> {
        let known = KNOWN.iter().find(|known| known.name == name).ok_or_else(|| unknown(name))?;
        match self.0.insert(known.name, value) {
            None => Ok(()),
            Some(_) => {
                Err(Error::invalid(format!("the URL gives `{name}` twice; leave one of them out")))
            }
        }
    }

    /// What the URL itself says.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// The variable of the environment that stands in for a parameter.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    KNOWN.iter().find(|known| known.name == name)?.variable
}

fn unknown(name: &str) -> Error {
    let names: Vec<_> = KNOWN.iter().map(|known| known.name).collect();
    // What does not look like a name may be a piece of a password.
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let which = if is_name { format!("a parameter `{name}`") } else { "something else".to_owned() };
    Error::invalid(format!(
        "the URL has {which}, which is not known; known are {}",
        names.join(", ")
    ))
}
