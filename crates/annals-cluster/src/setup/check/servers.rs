//! The servers that can be seen: those of the URL, and those that they tell of.

use std::sync::Arc;

use async_nats::ServerInfo;

use super::super::{Finding, Severity, version};
use crate::{
    log::{
        JetStreamLog,
        jetstream::{connect, link::Link},
    },
    url::{Server, Target},
};

/// Proposals of many callers go into one message; below this they get small.
const PAYLOAD_MIN: usize = 1 << 20;

pub(super) async fn check(target: &Target, log: &JetStreamLog) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<ServerInfo> = Vec::new();
    for server in servers(target, log).await {
        let alone = target.alone(server.clone());
        match connect(&alone, "annals check", &Arc::new(Link::new())).await {
            Ok(client) => {
                let info = client.server_info();
                if !seen.iter().any(|other| other.server_id == info.server_id) {
                    findings.push(one(&info));
                    seen.push(info);
                }
            }
            Err(error) => findings.push(Finding::new(
                Severity::Warning,
                format!("the server {server} cannot be reached: {error}"),
                "nodes that are connected to it cannot work, and fewer servers may fail",
                "start it, or take it out of the URL",
            )),
        }
    }
    findings.extend(payload(&seen));
    findings
}

/// The addresses of the URL, and what the servers told of.
async fn servers(target: &Target, log: &JetStreamLog) -> Vec<Server> {
    let mut servers = target.servers.clone();
    for known in log.client().server_pool().await.unwrap_or_default() {
        let host = known.addr.host();
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let server = Server { host, port: known.addr.port() };
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    servers
}

fn one(info: &ServerInfo) -> Finding {
    let ServerInfo { server_name, version, .. } = info;
    if !info.jetstream {
        return Finding::new(
            Severity::Warning,
            format!("server {server_name}: it has no JetStream"),
            "it can pass messages on, but keeps no log",
            "start it with `--jetstream`, unless it is meant so",
        );
    }
    match version::is_enough(version) {
        Some(true) => Finding::good(format!("server {server_name}: nats-server {version}")),
        Some(false) => Finding::new(
            Severity::Problem,
            format!("server {server_name}: nats-server {version} is too old"),
            "it does not know what a log needs",
            format!("update it to {} or newer", version::oldest()),
        ),
        None => Finding::new(
            Severity::Unknown,
            format!("server {server_name}: version {version} is not understood"),
            format!("a log needs {} or newer", version::oldest()),
            "look at the server itself",
        ),
    }
}

fn payload(servers: &[ServerInfo]) -> Option<Finding> {
    let least = servers.iter().map(|server| server.max_payload).min()?;
    let most = servers.iter().map(|server| server.max_payload).max()?;
    if least != most {
        return Some(Finding::new(
            Severity::Problem,
            format!("the servers take messages of different sizes: {least} to {most} bytes"),
            "an append that one node can make, another cannot",
            "set the same `max_payload` on all servers",
        ));
    }
    if least < PAYLOAD_MIN {
        return Some(Finding::new(
            Severity::Warning,
            format!("the servers take messages of at most {least} bytes"),
            "one append must fit into one message, and many are packed into one",
            "raise `max_payload` of the servers to 1MB, their default, or more",
        ));
    }
    Some(Finding::good(format!("messages of up to {least} bytes")))
}
