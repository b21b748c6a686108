//! Who belongs to the cluster, as gossip tells it: the servers that share the store, and exactly
//! one of them as its leader.
//!
//! Every server takes appends and reads. The leader is the one that drives the groups of consumers;
//! where nobody is known to, the server that answers says that it is itself, so that a client that
//! wants the leader stays where it is.

use annals_core::{Clock, SystemClock, Timestamp};
use uuid::Uuid;

use crate::{
    http::authority::Authority,
    leader::{Address, Leader, Standing},
    node::Node,
};

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: Uuid,
    pub(crate) address: Address,
    pub(crate) is_alive: bool,
    pub(crate) leads: bool,
    /// When it was last heard of.
    pub(crate) heard_at: Timestamp,
}

/// All of them, this server first; it is told by the name that the client asked for, unless it has
/// an advertised one.
pub(crate) fn members(node: &Node, asked: Option<&Authority>) -> Vec<Member> {
    let now = SystemClock.now();
    let (host, port) = node.advertised(asked);
    let nodes = node.store.nodes();
    let mut members = vec![Member {
        id: node.instance,
        address: Address { host, port },
        is_alive: nodes.iter().all(|other| !other.is_this || other.is_alive),
        leads: false,
        heard_at: now,
    }];
    members.extend(nodes.into_iter().filter(|other| !other.is_this).filter_map(|other| {
        Some(Member {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, other.name.as_str().as_bytes()),
            address: other.address?.parse().ok()?,
            is_alive: other.is_alive,
            leads: false,
            heard_at: other.heard_at,
        })
    }));
    if let Standing::Follows(leader) = node.leadership.standing() {
        follow(&mut members, leader, now);
    }
    if members.iter().all(|member| !member.leads)
        && let Some(this) = members.first_mut()
    {
        (this.leads, this.is_alive) = (true, true);
    }
    members
}

/// Marks the leader; one that the store does not tell of is added. Whoever is dead leads nothing.
fn follow(members: &mut Vec<Member>, leader: Leader, now: Timestamp) {
    let Leader { id, address } = leader;
    let mut others = members.iter_mut().skip(1);
    match others.find(|member| member.address == address) {
        Some(member) => (member.id, member.leads) = (id, member.is_alive),
        None => members.push(Member { id, address, is_alive: true, leads: true, heard_at: now }),
    }
}
