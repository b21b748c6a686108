//! Clients that nobody here wrote, against the binary as users start it.
//!
//! Each case is a function in a script beside this file. Where the Python packages are missing,
//! every case shows as ignored, unless `ANNALS_REQUIRE` names `clients`; so do those of a cluster
//! where NATS's server is missing, unless it names `nats`.

mod clustered;
mod commands;
mod python;
mod secured;

use std::process::ExitCode;

use annals_testbed::{annals::Annals, is_required};
use libtest_mimic::{Arguments, Failed, Trial};

use self::{clustered::Clustered, python::Python, secured::Secured};

/// A script, by the package it needs.
struct Script {
    package: &'static str,
    file: &'static str,
    text: &'static str,
    server: Server,
}

/// What a script wants to meet.
#[derive(Clone, Copy)]
enum Server {
    Insecure,
    Secured,
    Keyed,
    /// Two of them, on one cluster.
    Clustered,
}

const SCRIPTS: &[Script] = &[
    Script {
        package: "kurrentdbclient",
        file: "kurrentdb_cases.py",
        text: include_str!("kurrentdb_cases.py"),
        server: Server::Insecure,
    },
    Script {
        package: "kurrentdbclient",
        file: "derived_cases.py",
        text: include_str!("derived_cases.py"),
        server: Server::Insecure,
    },
    Script {
        package: "kurrentdbclient",
        file: "persistent_cases.py",
        text: include_str!("persistent_cases.py"),
        server: Server::Insecure,
    },
    Script {
        package: "kurrentdbclient",
        file: "cluster_cases.py",
        text: include_str!("cluster_cases.py"),
        server: Server::Clustered,
    },
    Script {
        package: "kurrentdbclient",
        file: "secured_cases.py",
        text: include_str!("secured_cases.py"),
        server: Server::Secured,
    },
    Script {
        package: "umadb",
        file: "umadb_cases.py",
        text: include_str!("umadb_cases.py"),
        server: Server::Insecure,
    },
    Script {
        package: "umadb",
        file: "umadb_secured_cases.py",
        text: include_str!("umadb_secured_cases.py"),
        server: Server::Keyed,
    },
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let own = Trial::test("annals::commands_about_groups_work_through_either_server", || {
        commands::about_groups_work_through_either_server()
    });
    let own = own.with_ignored_flag(!Clustered::is_possible() && !is_required("nats"));
    let trials = SCRIPTS.iter().flat_map(trials).chain([own]).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials(script: &'static Script) -> Vec<Trial> {
    let python = Python::with(script.package);
    let is_clustered = matches!(script.server, Server::Clustered);
    let has_no_nats = is_clustered && !Clustered::is_possible() && !is_required("nats");
    let is_ignored = has_no_nats || python.is_none() && !is_required("clients");
    let cases = cases(script.text);
    assert!(!cases.is_empty(), "{} has no cases", script.file);
    let trial = |case: &'static str| {
        let python = python.clone();
        let name = format!("{}::{}", script.package, case.trim_start_matches("case_"));
        Trial::test(name, move || run(script, case, python)).with_ignored_flag(is_ignored)
    };
    cases.into_iter().map(trial).collect()
}

fn cases(text: &'static str) -> Vec<&'static str> {
    let names = text.lines().filter_map(|line| line.strip_prefix("def "));
    let names = names.filter_map(|name| name.split('(').next());
    names.filter(|name| name.starts_with("case_")).collect()
}

fn run(script: &Script, case: &str, python: Option<Python>) -> Result<(), Failed> {
    let python = python.ok_or_else(|| {
        format!("the Python package `{}` is missing; `pip install` it", script.package)
    })?;
    match script.server {
        Server::Insecure => {
            let server = Annals::start(env!("CARGO_BIN_EXE_annals"), ["--insecure"]);
            let server = server.map_err(|problem| problem.to_string())?;
            python.run(script.file, &[case, &server.kurrentdb()])
        }
        Server::Clustered => {
            let servers = Clustered::start()?;
            let [first, second] = servers.told();
            python.run(script.file, &[case, &first, &second])
        }
        Server::Secured => {
            let server = Secured::start()?;
            let [address, authority] = server.address();
            let [admin, ops] = [server.password("admin")?, server.password("ops")?];
            python.run(script.file, &[case, &address, &authority, &admin, &ops])
        }
        Server::Keyed => {
            let server = Secured::start()?;
            let [address, authority] = server.address();
            let [writing, reading] = server.keys();
            python.run(script.file, &[case, &address, &authority, writing, reading])
        }
    }
}
