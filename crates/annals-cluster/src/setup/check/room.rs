//! Room for the log: its own limit, and that of the account on the servers.

use serde::Deserialize;

use super::super::{Finding, LogState, Severity, state};
use crate::log::JetStreamLog;

/// From which part on a log is nearly full, in percent.
const NEARLY: u128 = 80;
/// From which part on it will soon refuse.
const SOON: u128 = 95;

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    storage: u64,
    #[serde(default)]
    limits: Limits,
}

#[derive(Default, Deserialize)]
struct Limits {
    #[serde(default)]
    max_storage: i64,
}

pub(super) async fn check(log: &JetStreamLog, findings: &mut Vec<Finding>) {
    if let Ok(state) = state::of(log).await {
        findings.push(own(&state));
    }
    let patience = std::time::Duration::from_secs(3);
    let account = log.api.ask::<Account>("$JS.API.INFO".to_owned(), Vec::new(), patience).await;
    if let Ok(Account { storage, limits }) = account
        && let Ok(most @ 1..) = u64::try_from(limits.max_storage)
    {
        findings.push(used("the account's storage", storage, most));
    }
}

fn own(state: &LogState) -> Finding {
    match state.extent.bytes_max {
        Some(most) => used("the log", state.extent.bytes, most),
        None => Finding::new(
            Severity::Warning,
            format!("the log has {} bytes and no limit", state.extent.bytes),
            "it grows until the disks of the servers are full, and then other streams stop too",
            "give it a limit below the free space with `nats stream edit --max-bytes`",
        ),
    }
}

fn used(what: &str, bytes: u64, most: u64) -> Finding {
    let percent = u128::from(bytes) * 100 / u128::from(most).max(1);
    let told = format!("{what} has {bytes} of {most} bytes ({percent} %)");
    let severity = match percent {
        SOON.. => Severity::Problem,
        NEARLY.. => Severity::Warning,
        _ => return Finding::good(told),
    };
    let why = "when it is full, it refuses every append; nothing is lost";
    Finding::new(severity, told, why, "trim the log behind a backup, or raise the limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_warns_before_it_is_full() {
        let severity = |bytes| used("it", bytes, 1_000).severity;
        assert_eq!(severity(0), Severity::Good);
        assert_eq!(severity(799), Severity::Good);
        assert_eq!(severity(800), Severity::Warning);
        assert_eq!(severity(950), Severity::Problem);
        assert_eq!(used("it", u64::MAX, u64::MAX).severity, Severity::Problem);
    }
}
