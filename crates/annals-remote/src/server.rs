//! A server as such, for its services besides the store.
//!
//! It is named by the URL of a store of ours, or by a connection string of KurrentDB's clients: what
//! both kinds of server have in common is talked over the same connection.

use std::{fmt, str::FromStr};

use annals_core::{Error, Result};
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    Options, Target, connect,
    failure::failed,
    login::Login,
    url::{is_kurrent, kurrent_shown},
};

/// What calls of any service are made on. Clones share the connection.
pub type ServerChannel = InterceptedService<Channel, Login>;

/// A server, and how it is reached.
///
/// Read from `annals://user:password@host:2113`, see [`Target`], or from
/// `kurrentdb://user:password@host:2113?tls=false` (also `esdb:`), of which one node is understood,
/// without discovery. It is displayed as a URL without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    target: Target,
    dialect: Dialect,
}

/// Whose words a server was named in, which says how it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Ours: the position of an event is what the store says, one less than on KurrentDB's wire.
    Annals,
    /// KurrentDB's: positions are what stands on its wire.
    KurrentDb,
}

impl Server {
    /// Whether a text looks like the URL of a server rather than that of another store.
    #[must_use]
    pub fn is_named_by(text: &str) -> bool {
        text.starts_with("annals://") || is_kurrent(text)
    }

    /// Whose words it was named in.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The options, with those that the URL sets: the URL wins.
    #[must_use]
    pub fn options(&self, options: Options) -> Options {
        self.target.options(options)
    }

    /// A connection that is made by its first call, and tells the user and the password of the URL
    /// with each. It has to be asked for in the context of a Tokio runtime, which drives it.
    ///
    /// # Errors
    /// `InvalidArgument` for certificates that cannot be used.
    pub fn channel(&self, options: Options) -> Result<ServerChannel> {
        connect::channel(&self.target, &self.options(options))
    }
}

impl FromStr for Server {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(if is_kurrent(text) {
            Self { target: Target::from_kurrent(text)?, dialect: Dialect::KurrentDb }
        } else {
            Self { target: text.parse()?, dialect: Dialect::Annals }
        })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dialect {
            Dialect::Annals => self.target.fmt(f),
            Dialect::KurrentDb => f.write_str(&kurrent_shown(&self.target)),
        }
    }
}

/// What a failed call of any service means, as far as its code and the connection tell.
#[must_use]
pub fn error_of(status: &Status) -> Error {
    failed(status).of_question()
}
