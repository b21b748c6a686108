//! `annals serve`: who may come in has to be said, and the first passwords are shown once.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use crate::harness::Annals;

/// A server that is killed with its test.
struct Serving {
    child: Child,
    /// What it said until it was ready.
    said: Vec<String>,
}

impl Serving {
    fn start(annals: &Annals, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = annals
            .command()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            let is_ready = line.contains("serving ");
            said.push(line);
            if is_ready {
                break;
            }
        }
        Self { child, said }
    }

    fn shown_passwords(&self) -> Vec<&str> {
        let lines = self.said.iter().filter_map(|line| line.strip_prefix("  "));
        lines.filter_map(|line| line.split_whitespace().nth(1)).collect()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_server_is_not_open_by_accident() {
    let annals = Annals::new();
    let refused = annals.fails(2, &["serve"]);
    assert_eq!(refused.lines().count(), 3, "{refused}");
    for way in ["--tls-cert", "--insecure", "--auth-without-tls"] {
        assert!(refused.contains(way), "{refused}");
    }
    let refused = annals.fails(2, &["serve", "--insecure", "--listen", "0.0.0.0:0"]);
    assert!(refused.contains("--insecure-anywhere"), "{refused}");
    annals.fails(2, &["serve", "--insecure-anywhere"]);
    annals.fails(2, &["serve", "--insecure", "--auth-without-tls"]);
    annals.fails(2, &["serve", "--tls-cert", "server.pem"]);
    assert!(!annals.path("annals-data").exists(), "nothing was made");
}

#[test]
fn the_passwords_of_the_first_start_are_shown_once() {
    let annals = Annals::new();
    annals.ok(&["cert", "dev"]);
    let tls = ["--tls-cert", "annals-certs/server.pem", "--tls-key", "annals-certs/server.key"];
    let first = Serving::start(&annals, &tls, &[]);
    assert_eq!(first.shown_passwords().len(), 2, "{:?}", first.said);
    drop(first);
    let second = Serving::start(&annals, &tls, &[]);
    assert_eq!(second.shown_passwords().len(), 0, "{:?}", second.said);
}

#[test]
fn a_password_that_is_given_is_not_shown() {
    let annals = Annals::new();
    annals.write("password", "hunter2\n");
    let args = ["--auth-without-tls", "--admin-password-file", "password"];
    let serving = Serving::start(&annals, &args, &[("ANNALS_OPS_PASSWORD", "hunter3")]);
    assert!(!serving.said.join("\n").contains("hunter"), "{:?}", serving.said);
    assert_eq!(serving.shown_passwords().len(), 0, "{:?}", serving.said);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let annals = Annals::new();
    annals.write("broken", "nothing");
    let tls = ["serve", "--at", "memory:", "--listen", "127.0.0.1:0"];
    let with = |cert, key| [&tls[..], &["--tls-cert", cert, "--tls-key", key]].concat();
    assert!(annals.run(&with("missing", "missing")).stderr.contains("`missing`"));
    assert!(annals.fails(2, &with("broken", "broken")).contains("`broken`"));
    let keys = [&tls[..], &["--auth-without-tls", "--api-keys", "broken"]].concat();
    assert!(annals.fails(2, &keys).contains("line 1"));
}
