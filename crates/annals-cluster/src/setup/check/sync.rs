//! When a server has on its disk what it acknowledged.
//!
//! By default a server of NATS writes at once, and has the disk keep it two minutes later. A
//! program that dies loses nothing; a machine that loses power does.

use std::time::Duration;

use super::super::{
    Finding, Monitor, Severity,
    monitor::{Config, Varz},
};

pub(super) async fn check(
    monitors: &[Monitor],
    replicas: Option<u64>,
    findings: &mut Vec<Finding>,
) {
    if monitors.is_empty() {
        findings.push(unseen());
    }
    for monitor in monitors {
        findings.push(match monitor.ask().await {
            Ok(varz) => one(&varz, replicas),
            Err(error) => Finding::new(
                Severity::Unknown,
                error.to_string(),
                "the sync setting of that server could not be seen",
                "correct the address, or look at the configuration of the server",
            ),
        });
    }
}

fn unseen() -> Finding {
    Finding::new(
        Severity::Unknown,
        "whether the servers sync to disk before they acknowledge cannot be seen by a client",
        format!(
            "with `sync_interval: always` nothing acknowledged is lost; with the default (2 minutes) {}",
            risk(None)
        ),
        "give the monitoring port of every server, or look for `sync_interval` in their configuration",
    )
}

fn risk(replicas: Option<u64>) -> &'static str {
    match replicas {
        Some(1) => "the last minutes of acknowledged events are lost when the machine loses power",
        _ => {
            "acknowledged events are lost when more than half of the machines lose power at once, or one loses it while another is away"
        }
    }
}

fn one(varz: &Varz, replicas: Option<u64>) -> Finding {
    let Varz { server_name, version, jetstream } = varz;
    match &jetstream.config {
        None => Finding::new(
            Severity::Warning,
            format!("server {server_name} ({version}): it has no JetStream"),
            "it keeps no log",
            "start it with `--jetstream`, unless it is meant so",
        ),
        Some(Config { sync_always: true, .. }) => Finding::good(format!(
            "server {server_name} ({version}): it syncs to disk before it acknowledges"
        )),
        Some(Config { sync_interval, .. }) => Finding::new(
            Severity::Problem,
            format!(
                "server {server_name} ({version}): it syncs to disk only every {:?}",
                Duration::from_nanos(*sync_interval)
            ),
            risk(replicas),
            "set `jetstream { sync_interval: always }` in its configuration and restart it; keep it only where losing the last events is acceptable",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varz(config: &str) -> Varz {
        let json = format!(
            r#"{{"server_name":"n1","version":"2.15.1","jetstream":{{"config":{config}}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn only_sync_always_is_good() {
        let always = one(&varz(r#"{"sync_interval":120000000000,"sync_always":true}"#), Some(3));
        assert_eq!(always.severity, Severity::Good);
        let default = one(&varz(r#"{"sync_interval":120000000000}"#), Some(3));
        assert_eq!(default.severity, Severity::Problem);
        assert!(default.what.contains("every 120s"), "{}", default.what);
        assert!(default.why.contains("more than half"), "{}", default.why);
        assert!(one(&varz(r#"{"sync_interval":1}"#), Some(1)).why.contains("the machine"));
        assert_eq!(unseen().severity, Severity::Unknown);
    }
}
