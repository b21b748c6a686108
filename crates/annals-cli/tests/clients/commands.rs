//! `annals subscription` about the groups of a cluster, through the server that does not drive them.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use libtest_mimic::Failed;
use serde_json::Value;

use crate::clustered::Clustered;

/// How long the server may take to do what it was told.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every command does its work, whichever server it is told of.
pub(crate) fn about_groups_work_through_either_server() -> Result<(), Failed> {
    let servers = Clustered::start()?;
    let [leader, other] = servers.urls();
    for number in ["0", "1"] {
        said(&leader, &["append", "s", "counted", number])?;
    }
    let about = |url: &str, what: &str, more: &[&str]| {
        said(url, &[&["subscription", what, "s", "g"], more].concat())
    };
    about(&leader, "create", &[])?;
    // From here on all of it is sent on.
    let listed = said(&other, &["subscription", "list", "-q"])?;
    assert_eq!(listed, "s::g\n");
    about(&other, "update", &["--max-retries", "3"])?;
    about(&other, "consume", &["--limit", "1"])?;
    about(&other, "consume", &["--limit", "1", "--park", "--reason", "for a test"])?;
    let until = Instant::now() + PATIENCE;
    let shown = || {
        let text = about(&other, "show", &["-o", "json"])?;
        serde_json::from_str::<Value>(&text).map_err(Failed::from)
    };
    while shown()?["parked"] != 1 {
        assert!(Instant::now() < until, "nothing is parked");
    }
    let parked = about(&other, "parked", &["-o", "json"])?;
    assert!(parked.contains("for a test"), "{parked}");
    about(&other, "replay-parked", &["--yes"])?;
    assert_eq!(shown()?["max_retries"], 3);
    about(&other, "delete", &["--yes"])?;
    assert_eq!(said(&leader, &["subscription", "list", "-q"])?, "");
    Ok(())
}

/// What a command says when it succeeds.
fn said(url: &str, arguments: &[&str]) -> Result<String, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
    let done = command.args(arguments).args(["--at", url]).output()?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{arguments:?}: {said}").into());
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
