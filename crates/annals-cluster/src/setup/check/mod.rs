//! Looks a cluster over: can it be trusted with events?
//!
//! Every look is a line of its own, the good ones too, so that it is seen what was looked at. What
//! cannot be seen is said, never guessed.

mod log;
mod room;
mod servers;
mod sync;

use super::{Finding, Monitor, Severity};
use crate::{log::JetStreamLog, url::Target};

/// Looks over the servers and the log of a store. The monitoring ports are asked for what clients
/// cannot see.
pub async fn check(target: &Target, monitors: &[Monitor]) -> Vec<Finding> {
    let log = match JetStreamLog::connect(target, "check").await {
        Ok(log) => log,
        Err(error) => {
            let why = "no node can work without the servers of the log";
            let advice = "start the servers, or correct the URL";
            return vec![Finding::new(Severity::Problem, error.to_string(), why, advice)];
        }
    };
    let mut findings = servers::check(target, &log).await;
    let replicas = log::check(target, &log, &mut findings).await;
    room::check(&log, &mut findings).await;
    sync::check(monitors, replicas, &mut findings).await;
    findings
}
