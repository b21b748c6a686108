//! The log itself: that it is there, shaped as a log, and on servers that are up.

use serde_json::Value;

use super::super::{Finding, LogState, Replicas, Setup, Severity, shape, state};
use crate::{
    log::{JetStreamLog, jetstream::api::Unheard},
    url::Target,
};

/// Gives how many replicas the log is to have, when that can be seen.
pub(super) async fn check(
    target: &Target,
    log: &JetStreamLog,
    findings: &mut Vec<Finding>,
) -> Option<u64> {
    let stream = target.store().stream();
    let subject = format!("$JS.API.STREAM.INFO.{stream}");
    let patience = std::time::Duration::from_secs(3);
    let found = match log.api.ask::<Value>(subject, Vec::new(), patience).await {
        Ok(found) => found,
        Err(unheard) => {
            findings.push(absent(log, &unheard));
            return None;
        }
    };
    // Replicas and bytes are looked at elsewhere.
    let setup = Setup { replicas: Replicas::Three, bytes_max: None };
    let faults = shape::faults(&found["config"], &shape::wanted(target.store(), &setup));
    findings.push(if faults.is_empty() {
        Finding::good(format!("stream {stream}: it keeps what it acknowledged, or refuses"))
    } else {
        Finding::new(
            Severity::Problem,
            format!("stream {stream}: {}", faults.join(", ")),
            "it may drop or change messages that nodes still need, or refuse what nodes send",
            "change it with `nats stream edit`, or make another with `annals cluster init`",
        )
    });
    match state::of(log).await {
        Ok(state) => {
            findings.push(replicas(&state));
            findings.extend(state.replicas.iter().filter_map(replica));
            Some(state.replicas_wanted)
        }
        Err(unheard) => {
            findings.push(absent(log, &unheard));
            None
        }
    }
}

fn absent(log: &JetStreamLog, unheard: &Unheard) -> Finding {
    let what = log.api.explain(unheard).to_string();
    let why = "nodes cannot take appends without it";
    Finding::new(Severity::Problem, what, why, "see what the servers write, and try again")
}

fn replicas(state: &LogState) -> Finding {
    let count = state.replicas_wanted;
    let Some(leader) = state.replicas.iter().find(|replica| replica.leader) else {
        return Finding::new(
            Severity::Problem,
            "the log has no leader",
            "nothing can be appended until one is elected",
            "wait ten seconds, then see whether more than half of its servers are up",
        );
    };
    let leader = &leader.server;
    match count {
        1 => Finding::new(
            Severity::Warning,
            format!("the log has one replica, on server {leader}"),
            "while that server is away nothing can be appended, and with its disk the log is lost",
            "make it three with `nats stream edit --replicas 3`, when there are three servers",
        ),
        2 | 4 => Finding::new(
            Severity::Warning,
            format!("the log has {count} replicas"),
            "it survives no more failures than with one fewer, and has one more server to fail",
            "give it 3 or 5",
        ),
        _ => Finding::good(format!("the log has {count} replicas, and its leader is {leader}")),
    }
}

fn replica(replica: &super::super::Replica) -> Option<Finding> {
    let server = &replica.server;
    if !replica.online {
        return Some(Finding::new(
            Severity::Warning,
            format!("the replica on server {server} is away"),
            "one more failure may stop the log",
            "start the server, or give the log another one",
        ));
    }
    (!replica.current).then(|| {
        Finding::new(
            Severity::Warning,
            format!("the replica on server {server} is {} entries behind", replica.lag),
            "until it has caught up, one more failure may stop the log",
            "wait; when it stays so, look at the disk and the network of that server",
        )
    })
}
