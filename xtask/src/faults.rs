//! `cargo xtask faults`: faults at length, with a report.

use std::process::ExitCode;

use annals_testbed::nats::PROGRAM;

use crate::cargo::cargo;
use crate::problem::Problem;
use crate::services;
use crate::workspace;

pub(crate) const HELP: &str = "\
  cluster   what happens to servers, nodes, folders and answers of a cluster

Three real servers of NATS, three nodes and a crowd of writers; after the harm
everything is read back and compared with what was acknowledged.
Writes docs/bench/cluster-faults.md, unless only some cases are run.
`cargo test` runs the most valuable cases briefly.

  --appends N   how many appends are acknowledged at least, in all cases (200000)
  --only NAME   only the cases whose names contain this
";

/// Where the report goes.
const REPORT: &str = "docs/bench/cluster-faults.md";

/// What the script reads from the environment.
const APPENDS_VARIABLE: &str = "ANNALS_FAULTS_APPENDS";
const REPORT_VARIABLE: &str = "ANNALS_FAULTS_REPORT";

/// What is asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    appends: u64,
    only: Option<String>,
}

pub(crate) fn run(args: &[String]) -> Result<ExitCode, Problem> {
    let Some(asked) = read(args) else {
        return Err(Problem::new(
            format!("`cargo xtask faults` does not know `{}`", args.join(" ")),
            "it needs to be told whose faults, and there is one: cluster",
            "cargo xtask faults --help",
        ));
    };
    let mut command = cargo(&["test", "-p", "annals-cluster", "--test", "faults", "--"]);
    command.args(["--test-threads", "1", "--nocapture"]);
    command.env(PROGRAM, services::nats_program()?);
    command.env(APPENDS_VARIABLE, asked.appends.to_string());
    match asked.only {
        Some(name) => command.arg(name),
        None => command.env(REPORT_VARIABLE, workspace::root().join(REPORT)),
    };
    let status = command.status().map_err(|error| Problem::starting("cargo", &error))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(args: &[String]) -> Option<Asked> {
    let mut args = args.iter().map(String::as_str);
    if args.next() != Some("cluster") {
        return None;
    }
    let mut asked = Asked { appends: 200_000, only: None };
    while let Some(name) = args.next() {
        let value = args.next()?;
        match name {
            "--appends" => asked.appends = value.parse().ok()?,
            "--only" => asked.only = Some(value.to_owned()),
            _ => return None,
        }
    }
    Some(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_words(words: &str) -> Option<Asked> {
        let args: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
        read(&args)
    }

    #[test]
    fn what_is_asked_for_is_read() {
        assert_eq!(read_words("cluster"), Some(Asked { appends: 200_000, only: None }));
        let asked = read_words("cluster --only kill --appends 7");
        assert_eq!(asked, Some(Asked { appends: 7, only: Some("kill".to_owned()) }));
    }

    #[test]
    fn anything_else_is_refused() {
        for words in ["", "engine", "cluster --appends", "cluster --appends x", "cluster --all y"] {
            assert_eq!(read_words(words), None, "{words}");
        }
    }
}
