//! Which of the servers of a store drives the groups of consumers: the leader.
//!
//! On a store that this server has for itself it is always this one, and nothing is kept for it.
//! Servers that share a store keep a lease in it (`record.rs`): who has it leads for as long as it
//! is renewed in time (`keeper.rs`). Nobody compares clocks: whoever waits watches the revision of
//! the lease, and takes over when that has not changed for as long as the lease promises, by the
//! waiter's own clock (`contest.rs`).
//!
//! On a store without groups nobody leads and nothing is written, so that a cluster that is not used
//! is idle: the lease is taken for groups that are stored, and for a call about groups, and given
//! back a while after the last such call where it left none.
//!
//! The lease only avoids double work. What keeps a server that lost it without noticing from doing
//! harm is the fence that every write for a group carries (`kurrent/persistent/fence.rs`).

mod address;
mod contest;
mod keeper;
mod record;

use std::time::{Duration, Instant};

use annals_core::Backend;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time,
};
use tonic::{Code, Status};
use uuid::Uuid;

pub(crate) use self::{address::Address, keeper::Keeper};
use crate::wire::status::exception;

/// How long a call waits until it is known who leads.
const KNOWN_WITHIN: Duration = Duration::from_secs(5);

/// What this server knows of who leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The store is this server's alone.
    Alone,
    /// This server, as long as its lease lasts.
    Leads,
    /// Another one.
    Follows(Leader),
    /// Nobody is known to lead, or has to, or this server is about to.
    Open,
}

/// A server that leads, as its lease says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leader {
    pub(crate) id: Uuid,
    pub(crate) address: Address,
}

/// Who leads.
#[derive(Debug)]
pub(crate) struct Leadership {
    standing: watch::Sender<Standing>,
    /// Until when nobody else takes the lease of this server.
    until: Mutex<Option<Instant>>,
    /// Woken when a call needs somebody to lead.
    wanted: Notify,
    /// When the last such call came.
    called: Mutex<Option<Instant>>,
}

/// Whether several servers may have a store at once.
pub(crate) fn is_shared(store: &dyn Backend) -> bool {
    !store.capabilities().store_exclusive || !store.nodes().is_empty()
}

impl Leadership {
    /// Of a server that has just started.
    pub(crate) fn of(store: &dyn Backend) -> Self {
        let standing = if is_shared(store) { Standing::Open } else { Standing::Alone };
        let (standing, _) = watch::channel(standing);
        let (until, called) = (Mutex::default(), Mutex::default());
        Self { standing, until, wanted: Notify::new(), called }
    }

    /// What is known now.
    pub(crate) fn standing(&self) -> Standing {
        let standing = self.standing.borrow().clone();
        match standing {
            Standing::Leads if !self.is_valid() => Standing::Open,
            standing => standing,
        }
    }

    /// Comes back when this server leads.
    ///
    /// # Errors
    /// The answer for the client, who is to go to the leader, or to come again.
    pub(crate) async fn must_be_here(&self) -> Result<(), Status> {
        *self.called.lock() = Some(Instant::now());
        let mut changes = self.standing.subscribe();
        let known = async {
            loop {
                changes.mark_unchanged();
                match self.standing() {
                    Standing::Alone | Standing::Leads => return Ok(()),
                    Standing::Follows(leader) => {
                        // Who comes back from there is told what is true then.
                        self.wanted.notify_one();
                        return Err(not_leader(&leader.address));
                    }
                    Standing::Open => self.wanted.notify_one(),
                }
                if changes.changed().await.is_err() {
                    return Err(not_ready());
                }
            }
        };
        time::timeout(KNOWN_WITHIN, known).await.unwrap_or_else(|_| Err(not_ready()))
    }

    /// What consumers are told whose group this server has to give up.
    pub(crate) fn farewell(&self) -> Status {
        match self.standing() {
            Standing::Follows(leader) => not_leader(&leader.address),
            Standing::Alone | Standing::Leads | Standing::Open => not_ready(),
        }
    }

    /// Whether a call about groups came so shortly ago.
    fn was_called_within(&self, time: Duration) -> bool {
        self.called.lock().is_some_and(|called| called.elapsed() < time)
    }

    fn is_valid(&self) -> bool {
        self.until.lock().is_some_and(|until| Instant::now() < until)
    }

    /// The lease of this server lasts until then.
    fn lasts(&self, until: Instant) {
        *self.until.lock() = Some(until);
    }

    fn set(&self, standing: Standing) {
        self.standing.send_if_modified(|known| {
            let is_new = *known != standing;
            *known = standing;
            is_new
        });
    }
}

/// Another server leads. Clients know the message, or the trailers, and connect there.
fn not_leader(leader: &Address) -> Status {
    let port = leader.port.to_string();
    let facts = [("leader-endpoint-host", leader.host.as_str()), ("leader-endpoint-port", &port)];
    exception(Code::NotFound, "not-leader", "Leader info available", &facts)
}

/// Nobody leads yet. Clients know the message, and come again.
pub(crate) fn not_ready() -> Status {
    Status::unavailable("Server Is Not Ready")
}

#[cfg(test)]
mod tests {
    use annals_core::MemoryBackend;

    use super::*;

    #[tokio::test]
    async fn on_a_store_of_its_own_a_server_leads_without_a_lease() {
        let leadership = Leadership::of(&MemoryBackend::new());
        assert_eq!(leadership.standing(), Standing::Alone);
        assert!(leadership.must_be_here().await.is_ok());
    }

    #[test]
    fn another_leader_is_told_as_clients_read_it() {
        let status = not_leader(&Address { host: "n2.local".to_owned(), port: 2_113 });
        let trailer = |name| status.metadata().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "Leader info available"));
        assert_eq!(trailer("exception"), "not-leader");
        assert_eq!(trailer("leader-endpoint-host"), "n2.local");
        assert_eq!(trailer("leader-endpoint-port"), "2113");
    }
}
