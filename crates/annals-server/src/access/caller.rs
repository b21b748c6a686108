//! Who is calling.

use std::sync::Arc;

use tonic::Request;

/// The group whose members may do everything.
pub(crate) const ADMINS: &str = "$admins";
/// The group whose members run the server.
pub(crate) const OPS: &str = "$ops";
/// In an access list: everybody.
pub(crate) const EVERYBODY: &str = "$all";

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anybody, on a server without authentication: may do everything.
    Unchecked,
    /// Somebody who has not said who they are.
    Anonymous,
    /// A user whose password was right.
    User(Arc<Identity>),
    /// A program with an API key.
    Key(Arc<Key>),
}

/// A user as far as rights go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) login: String,
    pub(crate) groups: Vec<String>,
}

/// An API key as far as rights go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) access: KeyAccess,
}

/// What an API key is good for. It never reaches the system's own streams by name, users, or the
/// running of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAccess {
    /// Reading streams and the whole store.
    ReadOnly,
    /// Reading, appending and deleting.
    ReadWrite,
}

impl Caller {
    /// Whether this caller may do everything.
    pub(crate) fn is_admin(&self) -> bool {
        *self == Self::Unchecked || self.is_in(ADMINS)
    }

    /// Whether this caller may run the server.
    pub(crate) fn is_operator(&self) -> bool {
        self.is_admin() || self.is_in(OPS)
    }

    /// Whether this caller is the user of that name.
    pub(crate) fn is_user(&self, login: &str) -> bool {
        matches!(self, Self::User(identity) if identity.login == login)
    }

    /// The login or the name of the key; empty for callers who have none.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Unchecked | Self::Anonymous => "",
            Self::User(identity) => &identity.login,
            Self::Key(key) => &key.name,
        }
    }

    fn is_in(&self, group: &str) -> bool {
        matches!(self, Self::User(identity) if identity.groups.iter().any(|own| own == group))
    }

    /// Whether an access list has this caller in it, by name, group or as everybody.
    pub(crate) fn is_on(&self, list: &[String]) -> bool {
        list.iter().any(|entry| match self {
            Self::Unchecked => true,
            _ if entry == EVERYBODY => true,
            Self::Anonymous => false,
            Self::User(_) => self.is_user(entry) || self.is_in(entry),
            Self::Key(key) => entry.strip_prefix("key:") == Some(key.name.as_str()),
        })
    }
}

/// Who makes a call. Every request passes the gate, which notes it; one that did not is nobody's.
pub(crate) fn caller<T>(request: &Request<T>) -> Caller {
    request.extensions().get().cloned().unwrap_or(Caller::Anonymous)
}
