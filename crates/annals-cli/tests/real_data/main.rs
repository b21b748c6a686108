//! The loan applications of a real bank, imported by the real binary: counts, first and last
//! event, killed imports, and the way out and in again.
//!
//! The file lies beside the checkout. Where it does not, the tests show as ignored, unless
//! `ANNALS_REQUIRE` names `data` or `all`: then they fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod expected;
mod import;
mod kill;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use libtest_mimic::{Arguments, Failed, Trial};

/// The arguments that the documentation gives.
const MAPPING: [&str; 8] = [
    "--stream",
    "application-{application}",
    "--type",
    "{activity}",
    "--time",
    "{occurred_at}",
    "--meta",
    "userId={resource}",
];

/// A case and its name. It panics when it fails.
type Case = (&'static str, fn(&Path));

const CASES: [Case; 3] = [
    ("an_import_agrees_with_the_file_event_by_event", import::agrees_with_the_file),
    ("an_import_of_the_export_is_the_same_store", import::export_comes_back),
    ("an_import_that_is_killed_ten_times_ends_the_same", kill::ten_times),
];

fn main() -> ExitCode {
    let data = data();
    let is_required = env::var("ANNALS_REQUIRE")
        .is_ok_and(|names| names.split(',').any(|name| ["data", "all"].contains(&name.trim())));
    let trials = CASES.map(|(name, case)| match data.clone() {
        Some(data) => Trial::test(name, move || {
            case(&data);
            Ok(())
        }),
        None => Trial::test(name, || Err(Failed::from("loan-applications.csv.gz is not there")))
            .with_ignored_flag(!is_required),
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// The file, if it is there.
fn data() -> Option<PathBuf> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = crate_dir.join("../../../shared/data/loan-applications.csv.gz");
    beside.canonicalize().ok()
}

/// The binary, in a folder of the test.
fn annals(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
    command.current_dir(dir).env_remove("ANNALS_AT");
    command
}

/// Runs what must succeed, and gives its output.
fn ok(dir: &Path, args: &[&str]) -> String {
    let output = annals(dir).args(args).output().unwrap();
    assert!(
        output.status.success(),
        "annals {}: {}\n{}",
        args.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The command that imports the file.
fn import_command(dir: &Path, data: &Path) -> Command {
    let mut command = annals(dir);
    command.arg("import").arg(data).args(MAPPING).args(["-o", "json"]);
    command
}

/// The export of a store without what is its own: when it took the events.
fn export(dir: &Path, at: &str) -> Vec<String> {
    let text = ok(dir, &["export", "--at", at, "-q"]);
    let without = |line: &str| {
        let (before, after) = line.split_once("\"recorded_at\":\"").unwrap();
        let (_, after) = after.split_once("\",").unwrap();
        format!("{before}{after}")
    };
    text.lines().map(without).collect()
}
