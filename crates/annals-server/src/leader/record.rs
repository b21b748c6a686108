//! The lease as it is stored: JSON, for people who look at it too.

use std::time::Duration;

use annals_core::{
    Error, ErrorKind, Name, Result, StateEntry, StateExpected, StateKey, StateKind, StatePut,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Address, Leader};

/// The name of the lease on driving the groups.
pub(super) const NAME: &str = "$server/groups";

/// Who has the lease, and what they promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The run of the server that has it.
    owner: String,
    host: String,
    port: u16,
    /// One higher with everybody who takes it.
    pub(super) number: u64,
    /// How long its owner may be silent; 0 when it was given back.
    millis: u64,
}

/// The key of the lease.
///
/// # Errors
/// None in practice: the name is one.
pub(super) fn key() -> Result<StateKey> {
    Ok(StateKey { kind: StateKind::Lease, name: Name::new(NAME)? })
}

impl Record {
    pub(super) fn new(owner: &Leader, number: u64, promised: Duration) -> Self {
        Self {
            owner: owner.id.to_string(),
            host: owner.address.host.clone(),
            port: owner.address.port,
            number,
            millis: u64::try_from(promised.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// # Errors
    /// `Corrupted` when the value is no lease.
    pub(super) fn of(entry: &StateEntry) -> Result<Self> {
        serde_json::from_slice(&entry.value).map_err(|error| {
            let why = format!("the lease `{NAME}` cannot be read; delete it");
            Error::new(ErrorKind::Corrupted, why).caused_by(error)
        })
    }

    /// # Errors
    /// None in practice.
    pub(super) fn put(&self, expected: StateExpected) -> Result<StatePut> {
        let value = serde_json::to_vec(self).map_err(|error| {
            Error::new(ErrorKind::Internal, "the lease cannot be written").caused_by(error)
        })?;
        Ok(StatePut { key: key()?, expected, value: Some(value.into()) })
    }

    pub(super) const fn promised(&self) -> Duration {
        Duration::from_millis(self.millis)
    }

    pub(super) fn is_of(&self, id: Uuid) -> bool {
        self.owner == id.to_string()
    }

    pub(super) fn leader(&self) -> Leader {
        let id = Uuid::parse_str(&self.owner).unwrap_or_default();
        Leader { id, address: Address { host: self.host.clone(), port: self.port } }
    }
}
