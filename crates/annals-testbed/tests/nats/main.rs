//! Real NATS servers as tests use them, or the reason why there are none.
//!
//! This program is also the owner that is killed: with `ANNALS_TESTBED_OWNER`
//! set it starts a server or a cluster, tells which processes and folders those
//! are, and waits.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod cluster;
mod single;

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use annals_testbed::nats::{Cluster, Installation, Nats, Options};
use annals_testbed::{is_required, wait_until};
use client::Client;
use libtest_mimic::{Arguments, Completion, Trial};

const OWNER: &str = "ANNALS_TESTBED_OWNER";
const SERVER: &str = "server";
const CLUSTER: &str = "cluster";

/// Most of the time every test waits for an election, so more of them run than there are cores.
const TESTS_AT_ONCE: usize = 4;

type Outcome = Result<(), Box<dyn Error>>;

type Test = fn() -> Outcome;

const TESTS: &[(&str, Test)] = &[
    ("a_server_has_jetstream_and_stops", single::a_server_has_jetstream_and_stops),
    ("a_server_is_as_asked_for", single::a_server_is_as_asked_for),
    ("a_refused_option_is_told", single::a_refused_option_is_told),
    ("what_is_stored_survives_a_kill", single::what_is_stored_survives_a_kill),
    ("a_paused_server_goes_on_where_it_was", single::a_paused_server_goes_on_where_it_was),
    ("a_server_does_not_outlive_a_killed_owner", a_server_does_not_outlive_a_killed_owner),
    ("a_cluster_does_not_outlive_a_killed_owner", a_cluster_does_not_outlive_a_killed_owner),
    ("a_cluster_survives_the_kill_of_its_leader", cluster::survives_the_kill_of_its_leader),
    ("a_cluster_keeps_what_it_stored_when_all_are_killed", cluster::survives_the_kill_of_all),
    ("a_leader_cut_off_in_silence_is_replaced", cluster::a_leader_cut_off_in_silence_is_replaced),
    ("a_follower_cut_off_has_no_leader", cluster::a_follower_cut_off_has_no_leader),
    ("clients_are_cut_off_from_one_server", cluster::clients_are_cut_off_from_one_server),
    ("a_stream_whose_leader_stops_has_another", cluster::a_stopped_leader_hands_on_its_stream),
];

fn main() -> ExitCode {
    if let Ok(what) = env::var(OWNER) {
        return own(&what);
    }
    let missing = Installation::find().err();
    let trials = TESTS.iter().map(|(name, test)| trial(name, *test, missing.clone())).collect();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(TESTS_AT_ONCE);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: &str, test: Test, missing: Option<String>) -> Trial {
    Trial::ignorable_test(name.to_owned(), move || match missing {
        None => {
            test().map_err(|error| error.to_string())?;
            Ok(Completion::Completed)
        }
        Some(reason) if is_required("nats") => Err(reason.into()),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    })
}

/// The owner: starts servers, prints where they are, and lives until somebody ends it.
fn own(what: &str) -> ExitCode {
    if what == CLUSTER {
        let mut cluster = Cluster::start(&Options::default()).unwrap();
        cluster.pause(2).unwrap();
        for server in 0..3 {
            println!("{} {}", cluster.pid(server).unwrap(), cluster.folder(server).display());
        }
        wait_for_the_end();
    }
    let server = Nats::start(&Options::default()).unwrap();
    println!("{} {}", server.pid().unwrap(), server.folder().display());
    wait_for_the_end();
    ExitCode::FAILURE
}

fn wait_for_the_end() {
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn a_server_does_not_outlive_a_killed_owner() -> Outcome {
    kill_the_owner(SERVER, 1)
}

fn a_cluster_does_not_outlive_a_killed_owner() -> Outcome {
    kill_the_owner(CLUSTER, 3)
}

fn kill_the_owner(what: &str, servers: usize) -> Outcome {
    let mut owner = Command::new(env::current_exe()?)
        .env(OWNER, what)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines().take(servers);
    let owned: Vec<(u32, PathBuf)> = lines
        .map(|line| {
            let line = line.unwrap();
            let (pid, folder) = line.split_once(' ').unwrap();
            (pid.parse().unwrap(), folder.into())
        })
        .collect();
    assert_eq!(owned.len(), servers);
    assert!(owned.iter().all(|(pid, folder)| is_alive(*pid) && folder.exists()));
    owner.kill()?;
    owner.wait()?;
    for (pid, folder) in owned {
        wait_until("the server of the killed owner is gone", || !is_alive(pid))?;
        wait_until("its folder is gone", || !folder.parent().unwrap().exists())?;
    }
    Ok(())
}

fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

/// The stream of JetStream that tests store something in, and its only subject.
const STREAM: &str = "ORDERS";
const SUBJECT: &str = "orders";

/// Makes the stream and stores this many messages in it.
fn store(url: &str, replicas: usize, messages: usize) -> Outcome {
    let mut client = Client::connect(url)?;
    let made = client.request(
        &format!("$JS.API.STREAM.CREATE.{STREAM}"),
        &format!(
            "{{\"name\":\"{STREAM}\",\"subjects\":[\"{SUBJECT}\"],\"num_replicas\":{replicas}}}"
        ),
    )?;
    assert!(made.contains("\"config\"") && !made.contains("\"error\""), "{made}");
    for number in 1..=messages {
        let stored = format!("\"seq\":{number}");
        let mut store = || client.request(SUBJECT, "an order");
        wait_until("a message is stored", || store().is_ok_and(|said| said.contains(&stored)))?;
    }
    Ok(())
}

/// Whether a server, or the leader that it asks, has this many messages of the stream.
fn has(url: &str, messages: usize) -> bool {
    let asked = Client::connect(url)
        .and_then(|mut client| client.request(&format!("$JS.API.STREAM.INFO.{STREAM}"), ""));
    asked.is_ok_and(|info| info.contains(&format!("\"messages\":{messages},")))
}
