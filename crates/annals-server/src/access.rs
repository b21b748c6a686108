//! Who may do what.

use annals_core::{Result, StreamName};
use tonic::Request;

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anybody, on a server without authentication: may do everything.
    Unchecked,
}

/// What is done with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamRight {
    Read,
    Write,
    Delete,
    MetadataRead,
    MetadataWrite,
}

/// Decides who may do what.
#[derive(Debug)]
pub(crate) struct Access;

impl Access {
    /// Everybody may do everything.
    pub(crate) const fn open() -> Self {
        Self
    }

    /// Checks a call that concerns a stream.
    pub(crate) async fn stream(
        &self,
        caller: &Caller,
        stream: &StreamName,
        right: StreamRight,
    ) -> Result<()> {
        let (_, _) = (stream, right);
        match caller {
            Caller::Unchecked => Ok(()),
        }
    }

    /// Checks a read of the whole store.
    pub(crate) async fn all(&self, caller: &Caller) -> Result<()> {
        match caller {
            Caller::Unchecked => Ok(()),
        }
    }

    /// Checks a call that concerns the store as a whole beyond reading its events: keyed state, and
    /// restoring.
    pub(crate) async fn store(&self, caller: &Caller) -> Result<()> {
        match caller {
            Caller::Unchecked => Ok(()),
        }
    }
}

/// Who makes a call.
pub(crate) fn caller<T>(request: &Request<T>) -> Caller {
    request.extensions().get().cloned().unwrap_or(Caller::Unchecked)
}
