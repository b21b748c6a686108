//! The users of a server, and the way back in.

use annals_testbed::annals::Annals as Server;

use crate::harness::{Annals, Done};

/// A server whose users log in, and the command line.
struct Served {
    annals: Annals,
    server: Server,
    admin: String,
}

impl Served {
    fn start() -> Self {
        let server = Server::start(env!("CARGO_BIN_EXE_annals"), ["--auth-without-tls"]).unwrap();
        let log = server.log();
        let admin = log.lines().find_map(|line| line.trim().strip_prefix("admin ")).unwrap();
        let admin = admin.trim().to_owned();
        Self { annals: Annals::new(), server, admin }
    }

    fn at(&self, scheme: &str, login: &str, password: &str) -> String {
        format!("{scheme}://{login}:{password}@127.0.0.1:{}?tls=false", self.server.port())
    }

    /// Runs as somebody, with text on stdin.
    fn run_as(&self, login: &str, password: &str, args: &[&str], stdin: &str) -> Done {
        let at = self.at("annals", login, password);
        self.annals.run_with(&[args, &["--at", &at]].concat(), stdin)
    }

    fn ok(&self, args: &[&str]) -> String {
        self.run_as("admin", &self.admin, args, "").must(0).stdout
    }

    fn fails(&self, code: i32, args: &[&str]) -> String {
        self.run_as("admin", &self.admin, args, "").must(code).stderr
    }

    /// Whether somebody may log in: 0, or the code for who may not.
    fn log_in(&self, login: &str, password: &str) -> Option<i32> {
        self.run_as(login, password, &["users", "show", login], "").code
    }
}

#[test]
fn a_user_is_made_kept_out_let_in_and_deleted() {
    let served = Served::start();
    let create = ["users", "create", "ann", "--name", "Ann Example", "--group", "reporters"];
    served.run_as("admin", &served.admin, &create, "hunter2\n").must(0);
    assert_eq!(served.log_in("ann", "hunter2"), Some(0));
    assert_eq!(served.log_in("ann", "hunter3"), Some(5));
    let conflict = served.run_as("admin", &served.admin, &create, "hunter3\n").must(4).stderr;
    assert_eq!(conflict.lines().count(), 3, "{conflict}");

    assert_eq!(served.ok(&["users", "ls", "-q"]), "admin\nann\nops\n");
    let shown = served.run_as("ann", "hunter2", &["users", "show", "ann", "-o", "json"], "");
    let shown: serde_json::Value = serde_json::from_str(&shown.must(0).stdout).unwrap();
    assert_eq!((&shown["full_name"], &shown["disabled"]), (&"Ann Example".into(), &false.into()));
    served.run_as("ann", "hunter2", &["users", "ls"], "").must(5);

    assert_eq!(served.ok(&["users", "groups", "ann", "--add", "$ops"]), "reporters\n$ops\n");
    assert_eq!(served.ok(&["users", "groups", "ann", "--remove", "reporters"]), "$ops\n");
    served.ok(&["users", "disable", "ann"]);
    assert_eq!(served.log_in("ann", "hunter2"), Some(5));
    served.ok(&["users", "enable", "ann"]);
    assert_eq!(served.log_in("ann", "hunter2"), Some(0));
    served.fails(2, &["users", "delete", "ann"]);
    served.ok(&["users", "delete", "ann", "--yes"]);
    assert_eq!(served.log_in("ann", "hunter2"), Some(5));
    for missing in ["show", "disable", "enable", "groups"] {
        served.fails(3, &["users", missing, "ann"]);
    }
}

#[test]
fn passwords_come_from_files_variables_and_stdin() {
    let served = Served::start();
    served.annals.write("ann.txt", "hunter2\n");
    served.ok(&["users", "create", "ann", "--password-file", "ann.txt"]);
    let change = ["users", "change-password", "ann"];
    served.run_as("ann", "hunter2", &change, "wrong\nhunter3\n").must(5);
    served.run_as("ann", "hunter2", &change, "hunter2\nhunter3\n").must(0);
    assert_eq!(served.log_in("ann", "hunter3"), Some(0));
    assert_eq!(served.log_in("ann", "hunter2"), Some(5));

    let generated = served.ok(&["users", "reset-password", "ann"]);
    assert_eq!(served.log_in("ann", generated.trim()), Some(0));
    let prompted = ["users", "reset-password", "ann", "--prompt"];
    let said = served.run_as("admin", &served.admin, &prompted, "hunter4\n").must(0);
    assert_eq!((said.stdout.as_str(), served.log_in("ann", "hunter4")), ("", Some(0)));
    let mut command = served.annals.command();
    command.args(["users", "reset-password", "ann", "--at"]);
    command.arg(served.at("kurrentdb", "admin", &served.admin));
    assert!(command.env("ANNALS_USER_PASSWORD", "hunter5").output().unwrap().status.success());
    assert_eq!(served.log_in("ann", "hunter5"), Some(0));
    served.fails(2, &["users", "create", "bob"]);
}

#[test]
fn the_administrator_of_a_stopped_server_comes_back() {
    let mut served = Served::start();
    let store = served.server.store().display().to_string();
    let reset = ["users", "reset-password", "admin", "--at", &store];
    let held = served.annals.fails(6, &reset);
    assert_eq!(held.lines().count(), 3, "{held}");
    served.server.stop().unwrap();
    let said = served.annals.run(&reset).must(0);
    let password = said.stdout.trim().to_owned();
    assert_ne!(password, served.admin);
    let missing = served.annals.fails(3, &["users", "reset-password", "ann", "--at", &store]);
    assert!(missing.contains("no user `ann`"), "{missing}");
    served.server.start_again().unwrap();
    assert_eq!(served.log_in("admin", &password), Some(0));
    assert_eq!(served.log_in("admin", &served.admin), Some(5));
}

#[test]
fn a_server_with_a_certificate_is_managed_by_either_url() {
    let annals = Annals::new();
    annals.ok(&["cert", "dev"]);
    let file = |name: &str| annals.path("annals-certs").join(name).display().to_string();
    let tls =
        ["--tls-cert".to_owned(), file("server.pem"), "--tls-key".to_owned(), file("server.key")];
    let server = Server::start(env!("CARGO_BIN_EXE_annals"), tls).unwrap();
    let log = server.log();
    let admin = log.lines().find_map(|line| line.trim().strip_prefix("admin ")).unwrap().trim();
    let (port, ca) = (server.port(), file("ca.pem"));
    let ours = format!("annals://admin:{admin}@localhost:{port}?ca={ca}");
    let theirs = format!("kurrentdb://admin:{admin}@localhost:{port}?tlsCaFile={ca}");
    for at in [&ours, &theirs] {
        assert_eq!(annals.ok(&["users", "ls", "-q", "--at", at]), "admin\nops\n");
        assert_eq!(annals.ok(&["subscription", "ls", "--at", at]), "");
    }
    let untrusted = format!("kurrentdb://admin:{admin}@localhost:{port}");
    let said = annals.fails(5, &["users", "ls", "--at", &untrusted]);
    assert!(!said.contains(admin), "{said}");
}

#[test]
fn users_are_managed_by_a_server_and_no_store() {
    let annals = Annals::with_events();
    let said = annals.fails(2, &["users", "ls"]);
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.contains("annals serve"), "{said}");
}
