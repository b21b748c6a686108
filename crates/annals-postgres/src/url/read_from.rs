//! Replicas to read from, and how old what they give may be.

use annals_core::{Error, Result};

use super::{
    environment::Asked,
    parts::places,
    server::{Lists, Server},
};

/// How old events may be that are read from a replica.
///
/// Whoever decides on what was read must use [`Staleness::Own`]: with [`Staleness::Any`] a decision
/// that was refused may be made again on the same old events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staleness {
    /// Never older than what this handle has written, has read, or was told of; a replica that is
    /// behind that is passed over, and the primary is read.
    Own,
    /// As old as the replica is.
    Any,
}

/// The replicas of a target.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ReadFrom {
    pub(crate) servers: Vec<Server>,
    pub(crate) staleness: Staleness,
}

impl ReadFrom {
    pub(super) fn read(asked: &Asked<'_>) -> Result<Option<Self>> {
        let staleness = asked.read("staleness", |value| match value.text {
            "own" => Ok(Staleness::Own),
            "any" => Ok(Staleness::Any),
            _ => Err(value.refuse("it is `own` or `any`")),
        })?;
        let servers = asked.read("read_from", |value| {
            let (hosts, ports) = places(value.text)?;
            let hosts = hosts.ok_or_else(|| value.refuse("write hosts as `host:port`"))?;
            let (hosts, ports) = (Some(hosts.as_str()), ports.as_deref());
            Lists { hosts, addresses: None, ports }.servers()
        })?;
        match (servers, staleness) {
            (None, None) => Ok(None),
            (Some(servers), Some(staleness)) => Ok(Some(Self { servers, staleness })),
            (Some(_), None) => Err(Error::invalid(
                "`read_from` needs a choice of how old the events may be: `staleness=own` for \
                 never older than what this handle knows, `staleness=any` for what the replica has",
            )),
            (None, Some(_)) => Err(Error::invalid(
                "`staleness` is about replicas; name them as `read_from`, or leave it out",
            )),
        }
    }
}
