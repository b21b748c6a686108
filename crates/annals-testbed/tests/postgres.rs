//! A real PostgreSQL as tests use it, or the reason why there is none.
//!
//! This program is also the owner that is killed: with `ANNALS_TESTBED_OWNER`
//! set it starts a server, pauses it if that says so, tells which it is, and waits.
//! And it is the other server that an owner may start.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use annals_testbed::postgres::{Durability, Installation, Options, Postgres};
use annals_testbed::program::Program;
use annals_testbed::{is_required, wait_until};
use libtest_mimic::{Arguments, Completion, Trial};

const OWNER: &str = "ANNALS_TESTBED_OWNER";
const RUNNING: &str = "running";
const PAUSED: &str = "paused";
/// Another server than PostgreSQL.
const ANY: &str = "any";
/// That server; its port stands behind.
const LISTENING: &str = "listening:";

type Outcome = Result<(), Box<dyn Error>>;

type Test = fn() -> Outcome;

const TESTS: &[(&str, Test)] = &[
    ("a_server_answers_and_stops", a_server_answers_and_stops),
    ("commits_survive_a_kill", commits_survive_a_kill),
    ("two_servers_run_side_by_side", two_servers_run_side_by_side),
    ("any_program_does_not_outlive_a_killed_owner", any_program_does_not_outlive_a_killed_owner),
    ("a_server_does_not_outlive_a_killed_owner", a_server_does_not_outlive_a_killed_owner),
    (
        "a_paused_server_does_not_outlive_a_killed_owner",
        a_paused_server_does_not_outlive_a_killed_owner,
    ),
    ("a_paused_server_goes_on_where_it_was", a_paused_server_goes_on_where_it_was),
    ("a_paused_server_can_be_dropped", a_paused_server_can_be_dropped),
    ("a_standby_follows", a_standby_follows),
    (
        "settings_files_and_folder_are_those_asked_for",
        settings_files_and_folder_are_those_asked_for,
    ),
    ("a_refused_setting_is_told", a_refused_setting_is_told),
];

fn main() -> ExitCode {
    if let Ok(state) = env::var(OWNER) {
        return own(&state);
    }
    let missing = Installation::find().err();
    let trials = TESTS.iter().map(|(name, test)| trial(name, *test, missing.clone())).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, test: Test, missing: Option<String>) -> Trial {
    Trial::ignorable_test(name.to_owned(), move || match missing {
        None => {
            test().map_err(|error| error.to_string())?;
            Ok(Completion::Completed)
        }
        Some(reason) if is_required("postgres") => Err(reason.into()),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    })
}

fn fast() -> Options {
    Options { durability: Durability::Fast, ..Options::default() }
}

/// The owner: starts a server, prints where it is, and lives until somebody ends it.
fn own(state: &str) -> ExitCode {
    if let Some(port) = state.strip_prefix(LISTENING) {
        return listen(port.parse().unwrap());
    }
    if state == ANY {
        let program = any_program().unwrap();
        println!("{} {} {}", program.port(), program.pid(), program.folder().join("log").display());
        wait_for_the_end();
    }
    let mut server = Postgres::start(fast()).unwrap();
    if state == PAUSED {
        server.pause().unwrap();
    }
    println!("{} {} {}", server.port(), server.pid().unwrap(), server.data().display());
    wait_for_the_end();
    ExitCode::FAILURE
}

fn wait_for_the_end() {
    io::stdout().flush().unwrap();
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// This program as a server that hears no signal it is not killed by.
fn any_program() -> Result<Program, annals_testbed::Problem> {
    Program::start(&env::temp_dir(), |_, port| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env(OWNER, format!("{LISTENING}{port}"));
        command
    })
}

fn listen(port: u16) -> ExitCode {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    listener.incoming().for_each(drop);
    ExitCode::FAILURE
}

fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

fn a_server_answers_and_stops() -> Outcome {
    let server = Postgres::start(fast())?;
    assert_eq!(server.psql("show server_encoding; show fsync")?, "UTF8\noff");
    assert_eq!(server.psql("select current_user, 1")?, "annals|1");
    assert!(server.url().ends_with(&format!("@127.0.0.1:{}/postgres", server.port())));
    assert!(server.log().contains("ready to accept connections"), "{}", server.log());
    let (port, pid, data) = (server.port(), server.pid().unwrap(), server.data().to_owned());
    server.stop()?;
    assert!(!is_alive(pid) && !data.exists());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    Ok(())
}

fn commits_survive_a_kill() -> Outcome {
    let mut server = Postgres::start(Options::default())?;
    server.psql("create table kept (n int)")?;
    for round in 1..=2 {
        server.psql(&format!("insert into kept values ({round})"))?;
        let (port, pid) = (server.port(), server.pid().unwrap());
        server.kill()?;
        assert!(!is_alive(pid) && server.pid().is_none());
        assert!(server.psql("select 1").is_err());
        server.start_again()?;
        assert_eq!(server.port(), port);
        assert_eq!(server.psql("select max(n), count(*) from kept")?, format!("{round}|{round}"));
    }
    assert!(server.log().contains("automatic recovery in progress"), "{}", server.log());
    assert!(server.start_again().is_err());
    Ok(())
}

fn two_servers_run_side_by_side() -> Outcome {
    let (first, second) = (Postgres::start(fast())?, Postgres::start(fast())?);
    assert_ne!(first.port(), second.port());
    first.psql("create table only_here ()")?;
    assert_eq!(second.psql("select to_regclass('only_here') is null")?, "t");
    drop(first);
    assert_eq!(second.psql("select 1")?, "1");
    Ok(())
}

fn a_server_does_not_outlive_a_killed_owner() -> Outcome {
    kill_the_owner_of_a_server(RUNNING)
}

fn a_paused_server_does_not_outlive_a_killed_owner() -> Outcome {
    kill_the_owner_of_a_server(PAUSED)
}

fn any_program_does_not_outlive_a_killed_owner() -> Outcome {
    kill_the_owner_of_a_server(ANY)
}

fn kill_the_owner_of_a_server(state: &str) -> Outcome {
    let mut owner = Command::new(env::current_exe()?)
        .env(OWNER, state)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(owner.stdout.take().unwrap()).read_line(&mut line)?;
    let mut words = line.trim().splitn(3, ' ');
    let port: u16 = words.next().unwrap().parse()?;
    let pid = words.next().unwrap().parse()?;
    let data = Path::new(words.next().unwrap());
    assert!(is_alive(pid) && TcpStream::connect(("127.0.0.1", port)).is_ok());
    owner.kill()?;
    owner.wait()?;
    wait_until("the server of the killed owner is gone", || !is_alive(pid))?;
    wait_until("its folder is gone", || !data.parent().unwrap().exists())?;
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    Ok(())
}

fn a_paused_server_goes_on_where_it_was() -> Outcome {
    let mut server = Postgres::start(fast())?;
    server.pause()?;
    let mut asked = Command::new("sh")
        .args(["-c", "echo asked; exec psql -XAt -d \"$0\" -c 'select 2'", &server.url()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut answer = BufReader::new(asked.stdout.take().unwrap());
    let mut line = String::new();
    answer.read_line(&mut line)?;
    assert_eq!(asked.try_wait()?, None);
    server.resume()?;
    answer.read_line(&mut line)?;
    assert_eq!(line, "asked\n2\n");
    assert!(asked.wait()?.success());
    Ok(())
}

fn a_paused_server_can_be_dropped() -> Outcome {
    let mut server = Postgres::start(fast())?;
    let pid = server.pid().unwrap();
    server.pause()?;
    drop(server);
    assert!(!is_alive(pid));
    Ok(())
}

fn a_standby_follows() -> Outcome {
    let primary = Postgres::start(fast())?;
    let standby = primary.standby()?;
    assert_eq!(standby.psql("select pg_is_in_recovery()")?, "t");
    primary.psql("create table followed as select 7 as n")?;
    wait_until("the table has reached the standby", || {
        standby.psql("select n from followed").is_ok_and(|answer| answer == "7")
    })?;
    Ok(())
}

fn settings_files_and_folder_are_those_asked_for() -> Outcome {
    // Open to others, because the server may run as one of them.
    let place = tempfile::Builder::new().permissions(open_to_all()).tempdir()?;
    let data = place.path().join("small");
    let server = Postgres::start(Options {
        settings: vec![
            ("max_connections".into(), "7".into()),
            ("cluster_name".into(), "it's".into()),
        ],
        files: vec![("extra.txt".into(), b"here".to_vec())],
        data: Some(data.clone()),
        ..fast()
    })?;
    assert_eq!(server.data(), data);
    assert_eq!(server.psql("show max_connections; show cluster_name")?, "7\nit's");
    assert_eq!(server.psql("select pg_read_file('extra.txt')")?, "here");
    server.stop()?;
    assert!(data.join("PG_VERSION").exists());
    Ok(())
}

fn open_to_all() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o755)
}

fn a_refused_setting_is_told() -> Outcome {
    let settings = vec![("no_such_setting".into(), "1".into())];
    let refused = Postgres::start(Options { settings, ..fast() }).unwrap_err();
    assert!(refused.why().contains("no_such_setting"), "{refused}");
    Ok(())
}
