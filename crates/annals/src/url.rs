//! Store URLs: which backend, and where.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use annals_core::{Error, ErrorKind, Result};

/// Names a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `file:DIR`, or the path of a folder alone: the embedded engine in that folder.
    File(PathBuf),
    /// `memory:`: a new store in memory.
    Memory,
    /// `postgres://...`: a schema of a PostgreSQL database.
    #[cfg(feature = "postgres")]
    Postgres(Box<annals_postgres::Target>),
    /// `annals://...`: the store of a server.
    #[cfg(feature = "remote")]
    Remote(Box<annals_remote::Target>),
    /// `kurrentdb://...` or `esdb://...`: a KurrentDB or EventStoreDB.
    #[cfg(feature = "kurrentdb")]
    KurrentDb(Box<annals_kurrentdb::Target>),
    /// `nats://...?dir=DIR`: a node of a cluster, with its log in NATS JetStream.
    #[cfg(feature = "cluster")]
    Cluster(Box<annals_cluster::url::Target>),
}

/// Schemes that are known but not in this build, and what they stand for.
const ELSEWHERE: [(&str, &str); 7] = [
    ("postgres", "a PostgreSQL database"),
    ("nats", "a cluster on NATS JetStream"),
    ("annals", "an Annals server"),
    ("esdb", "a KurrentDB or EventStoreDB server"),
    ("kdb", "a KurrentDB or EventStoreDB server"),
    ("kurrent", "a KurrentDB or EventStoreDB server"),
    ("kurrentdb", "a KurrentDB or EventStoreDB server"),
];

impl StoreUrl {
    /// The folder of a `file:` store.
    #[must_use]
    pub fn dir(&self) -> Option<&Path> {
        match self {
            Self::File(dir) => Some(dir),
            Self::Memory => None,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
            #[cfg(feature = "remote")]
            Self::Remote(_) => None,
            #[cfg(feature = "kurrentdb")]
            Self::KurrentDb(_) => None,
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => None,
        }
    }

    /// A text that was meant as the URL of a store, for messages: where it may have a password,
    /// only how it begins.
    #[must_use]
    pub fn shown(text: &str) -> String {
        match text.split_once("//") {
            Some((scheme, rest)) if rest.contains('@') || rest.contains("password") => {
                format!("{scheme}//...")
            }
            _ => text.to_owned(),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = Error;

    /// Text after `file:` is a path as it stands; nothing in it is escaped. `file:///a/b` is
    /// `/a/b`.
    fn from_str(text: &str) -> Result<Self> {
        let Some((scheme, rest)) = split_scheme(text) else {
            return file(text, text);
        };
        match scheme {
            "file" => file(text, rest.strip_prefix("//").unwrap_or(rest)),
            "memory" if rest.is_empty() => Ok(Self::Memory),
            "memory" => Err(Error::invalid(format!(
                "`{text}` names a memory store, which has no name; write `memory:`"
            ))),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Ok(Self::Postgres(Box::new(text.parse()?))),
            #[cfg(feature = "remote")]
            "annals" => Ok(Self::Remote(Box::new(text.parse()?))),
            #[cfg(feature = "kurrentdb")]
            scheme if annals_kurrentdb::Target::has_scheme(scheme) => {
                Ok(Self::KurrentDb(Box::new(text.parse()?)))
            }
            #[cfg(feature = "cluster")]
            "nats" | "nats+tls" | "tls" => Ok(Self::Cluster(Box::new(text.parse()?))),
            _ => Err(elsewhere(text, scheme)),
        }
    }
}

/// What stands before the `:`, when it looks like a scheme and not like a path. A single letter
/// is the drive of a Windows path.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then_some((scheme, rest))
}

fn file(text: &str, path: &str) -> Result<StoreUrl> {
    if path.is_empty() {
        return Err(Error::invalid(format!(
            "`{text}` names no folder; write it like `file:./data`"
        )));
    }
    Ok(StoreUrl::File(PathBuf::from(path)))
}

fn elsewhere(text: &str, scheme: &str) -> Error {
    let known = ELSEWHERE.iter().find(|(known, _)| *known == scheme || is_variant(scheme, known));
    match known {
        Some((_, what)) => Error::new(
            ErrorKind::Unsupported,
            format!("`{scheme}:` stands for {what}, which this build cannot open"),
        ),
        None => Error::invalid(format!(
            "`{}` is no store URL; known are `file:DIR`, `memory:`, `postgres://...`, \
             `annals://...`, `kurrentdb://...` and `nats://...` (write the path of a folder with a `:` in it as `file:PATH`)",
            StoreUrl::shown(text)
        )),
    }
}

/// `postgresql` and `esdb+discover` mean the same store as `postgres` and `esdb`.
fn is_variant(scheme: &str, known: &str) -> bool {
    scheme.strip_prefix(known).is_some_and(|rest| rest == "ql" || rest.starts_with('+'))
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A path that begins with `//` would be read as `file://`.
            Self::File(dir) if dir.to_string_lossy().starts_with("//") => {
                write!(f, "file://{}", dir.display())
            }
            Self::File(dir) => write!(f, "file:{}", dir.display()),
            Self::Memory => f.write_str("memory:"),
            #[cfg(feature = "postgres")]
            Self::Postgres(target) => target.fmt(f),
            #[cfg(feature = "remote")]
            Self::Remote(target) => target.fmt(f),
            #[cfg(feature = "kurrentdb")]
            Self::KurrentDb(target) => target.fmt(f),
            #[cfg(feature = "cluster")]
            Self::Cluster(target) => target.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match text.parse::<StoreUrl>() {
            Ok(url) => url.to_string(),
            Err(error) => error.kind().code().to_owned(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn folders_are_named_by_url_or_path() {
        check("file:./data", "file:./data");
        check("file:/var/data", "file:/var/data");
        check("file:///var/data", "file:/var/data");
        check("file:////var/data", "file:////var/data");
        check("./data", "file:./data");
        check("data", "file:data");
        check("./a:b", "file:./a:b");
        check("C:\\data", "file:C:\\data");
    }

    #[test]
    fn memory_has_no_name() {
        check("memory:", "memory:");
        check("memory:x", "invalid_argument");
    }

    #[test]
    fn nonsense_is_invalid() {
        for text in ["", "file:", "file://", "http://x", "mongodb://x"] {
            check(text, "invalid_argument");
        }
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn databases_are_named_without_their_password() {
        check("postgres://ann:secret@db/shop", "postgres://ann@db/shop");
        check("postgresql://ann@db/shop?schema=a", "postgres://ann@db/shop?schema=a");
        check("postgres://ann@db/shop?nonsense=1", "invalid_argument");
        check("postgres:db", "invalid_argument");
    }

    #[test]
    #[cfg(not(feature = "postgres"))]
    fn databases_need_their_feature() {
        check("postgres://ann@db/shop", "unsupported");
        check("postgresql://ann@db/shop", "unsupported");
    }

    #[test]
    #[cfg(feature = "remote")]
    fn servers_are_named_without_their_password() {
        check("annals://ann:secret@h", "annals://ann@h:2113");
        check("annals://127.0.0.1:7?tls=false", "annals://127.0.0.1:7?tls=false");
        check("annals://h?nonsense=1", "invalid_argument");
        check("annals:h", "invalid_argument");
    }

    #[test]
    #[cfg(not(feature = "remote"))]
    fn servers_need_their_feature() {
        check("annals://h", "unsupported");
    }

    #[test]
    #[cfg(feature = "kurrentdb")]
    fn servers_of_kurrentdb_are_named_as_their_clients_do() {
        check("kurrentdb://ann:secret@h", "kurrentdb://ann@h:2113");
        check("esdb+discover://h?tls=false", "kurrentdb+discover://h:2113?tls=false");
        check("esdb://h?nonsense=1", "invalid_argument");
        check("esdb:h", "invalid_argument");
    }

    #[test]
    #[cfg(not(feature = "kurrentdb"))]
    fn servers_of_kurrentdb_need_their_feature() {
        for text in ["esdb://h", "esdb+discover://h", "kurrentdb://h", "kdb://h"] {
            check(text, "unsupported");
        }
    }

    #[test]
    fn what_cannot_be_read_is_shown_without_what_may_be_a_password() {
        assert_eq!(StoreUrl::shown("mongodb://ann:secret@h"), "mongodb://...");
        assert_eq!(StoreUrl::shown("postgres://h/d?password=secret"), "postgres://...");
        assert_eq!(StoreUrl::shown("http://x"), "http://x");
        let error = "mongodb://ann:secret@h".parse::<StoreUrl>().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
