//! Finding the server of a cluster to talk to: the hosts of the URL are asked in turn which servers
//! there are, until one is of the kind that is preferred.

use annals_client::{Failed, Options, late};
use annals_core::{Error, ErrorKind, Result};
use annals_proto::kurrentdb::{
    Empty,
    gossip::{ClusterInfo, gossip_client::GossipClient, member_info::VNodeState},
};
use tokio::time::{interval, timeout};

use crate::{
    Target,
    failure::failed,
    url::{Discovery, Preference},
};

/// The host and the port of the server to talk to. Needs the context of a runtime.
///
/// # Errors
/// `Unavailable` when no host answers or none of the servers is suited, with the last reason.
pub(crate) async fn discover(target: &Target, options: &Options) -> Result<String> {
    if target.discovery == Discovery::Direct {
        return Ok(target.authorities().next().unwrap_or_default());
    }
    let mut reason = None;
    // The first round begins at once.
    let mut rounds = interval(target.parameters.interval());
    for _ in 0..target.parameters.attempts() {
        rounds.tick().await;
        for host in target.authorities() {
            match ask(target, &host, options).await {
                Ok(members) => match chosen(&members, target.parameters.preference()) {
                    Some(authority) => return Ok(authority),
                    None => reason = Some(unsuited(&members)),
                },
                // A certificate or a password does not get better by asking again.
                Err(Failed::Answered(error)) => return Err(error),
                Err(failed) => reason = Some(failed.of_question()),
            }
        }
    }
    let why = "none of the servers in the URL leads to one of the cluster that can be talked to";
    let error = Error::new(ErrorKind::Unavailable, why);
    Err(match reason {
        Some(reason) => error.caused_by(reason),
        None => error,
    })
}

async fn ask(target: &Target, host: &str, options: &Options) -> Result<ClusterInfo, Failed> {
    let connection = target.server(host).and_then(|server| server.connection(options));
    let mut client = GossipClient::new(connection.map_err(Failed::Answered)?);
    // There are others to ask.
    let limit = options.connect_timeout;
    match timeout(limit, client.read(Empty {})).await {
        Ok(answer) => Ok(answer.map_err(|status| failed(&status))?.into_inner()),
        Err(_) => Err(late(limit)),
    }
}

/// The server that is preferred, else for all but the leader any that answers.
fn chosen(cluster: &ClusterInfo, preference: Preference) -> Option<String> {
    let is_suited = |state: VNodeState| match preference {
        Preference::Leader => state == VNodeState::Leader,
        Preference::Follower => state == VNodeState::Follower,
        Preference::ReadOnlyReplica => {
            matches!(state, VNodeState::ReadOnlyReplica | VNodeState::ReadOnlyLeaderless)
        }
        Preference::Any => can_answer(state),
    };
    let first = |is_suited: &dyn Fn(VNodeState) -> bool| {
        let alive = cluster.members.iter().filter(|member| member.is_alive);
        let mut suited = alive.filter(|member| is_suited(member.state()));
        suited.find_map(|member| member.http_end_point.as_ref())
    };
    let end = match preference {
        Preference::Leader => first(&is_suited),
        _ => first(&is_suited).or_else(|| first(&can_answer)),
    }?;
    let is_bare_ipv6 = end.address.contains(':') && !end.address.starts_with('[');
    let host = if is_bare_ipv6 { format!("[{}]", end.address) } else { end.address.clone() };
    Some(format!("{host}:{}", end.port))
}

const fn can_answer(state: VNodeState) -> bool {
    matches!(
        state,
        VNodeState::Leader
            | VNodeState::Follower
            | VNodeState::ReadOnlyReplica
            | VNodeState::ReadOnlyLeaderless
    )
}

fn unsuited(cluster: &ClusterInfo) -> Error {
    let count = cluster.members.len();
    let why = format!("none of its {count} servers is of the kind that is preferred, and alive");
    Error::new(ErrorKind::Unavailable, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_proto::kurrentdb::gossip::{EndPoint, MemberInfo};

    fn cluster(members: &[(VNodeState, bool)]) -> ClusterInfo {
        let member = |(port, (state, is_alive)): (u32, &(VNodeState, bool))| MemberInfo {
            state: (*state).into(),
            is_alive: *is_alive,
            http_end_point: Some(EndPoint { address: "n".to_owned(), port }),
            ..MemberInfo::default()
        };
        ClusterInfo { members: (1..).zip(members).map(member).collect() }
    }

    #[test]
    fn the_preferred_server_is_chosen_among_those_that_are_alive() {
        use VNodeState::{Follower, Leader, Manager};
        let cluster =
            cluster(&[(Manager, true), (Leader, false), (Follower, true), (Leader, true)]);
        let at = |preference| chosen(&cluster, preference);
        assert_eq!(at(Preference::Leader).as_deref(), Some("n:4"));
        assert_eq!(at(Preference::Follower).as_deref(), Some("n:3"));
        assert_eq!(at(Preference::Any).as_deref(), Some("n:3"));
        assert_eq!(at(Preference::ReadOnlyReplica).as_deref(), Some("n:3"));
    }

    #[test]
    fn a_cluster_without_a_leader_has_none() {
        let cluster = cluster(&[(VNodeState::Follower, true)]);
        assert_eq!(chosen(&cluster, Preference::Leader), None);
    }
}
