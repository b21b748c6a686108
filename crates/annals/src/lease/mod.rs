//! Leases: of several runners with one name, one works.
//!
//! A lease only avoids double work. What keeps a runner that lost its lease without noticing from
//! doing harm is the fence: a number that grows with every holder, and that whoever is written to
//! compares with the highest it has seen.

mod local;
mod shared;

use std::time::Duration;

use annals_core::{Name, Result, StateKey, StateKind};

use crate::{app::Store, service::Stop};

/// How long a holder may be silent before another takes over, unless said otherwise.
pub(crate) const TTL: Duration = Duration::from_secs(15);

/// The right to run something, until it is dropped or lost.
#[derive(Debug)]
pub(crate) enum Held {
    /// Nobody outside this process can have it.
    Local(local::Held),
    /// Renewed in the store.
    Shared(shared::Held),
}

impl Held {
    /// Grows with every holder of the lease.
    pub(crate) const fn fence(&self) -> u64 {
        match self {
            Self::Local(held) => held.fence,
            Self::Shared(held) => held.fence,
        }
    }

    /// Whether it is held still, as far as this process knows.
    pub(crate) fn is_valid(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Shared(held) => held.is_valid(),
        }
    }
}

/// Blocks until the lease is held; `None` when told to stop before.
///
/// # Errors
/// `InvalidArgument` for a name that is too long, and those of reading and writing state.
pub(crate) fn acquire(
    store: &Store,
    name: &str,
    ttl: Duration,
    stop: &Stop,
) -> Result<Option<Held>> {
    let key = StateKey { kind: StateKind::Lease, name: Name::new(name.to_owned())? };
    if store.backend.capabilities().store_exclusive {
        Ok(local::acquire(store, key, stop)?.map(Held::Local))
    } else {
        Ok(shared::acquire(&store.backend, &key, ttl, stop)?.map(Held::Shared))
    }
}
