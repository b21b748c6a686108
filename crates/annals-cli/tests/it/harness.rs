//! Running the real binary in a folder of its own.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A folder to run in. The store is in `annals-data`, as for anybody who says nothing else.
pub(crate) struct Annals {
    dir: TempDir,
}

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    args: String,
}

impl Annals {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// With a store that has `account-1` with versions 0 to 2 and `account-2` with version 0.
    pub(crate) fn with_events() -> Self {
        let annals = Self::new();
        for (stream, event_type, data, tag) in [
            ("account-1", "opened", r#"{"owner":"Ann"}"#, "owner:ann"),
            ("account-1", "deposited", r#"{"cents":500}"#, "big"),
            ("account-2", "opened", r#"{"owner":"Bob"}"#, "owner:bob"),
            ("account-1", "withdrawn", r#"{"cents":100}"#, "small"),
        ] {
            annals.ok(&["append", stream, event_type, data, "--tag", tag]);
        }
        annals
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self) -> Command {
        command(self.dir.path())
    }

    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.run_with(args, "")
    }

    /// Runs with text on stdin.
    pub(crate) fn run_with(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Done {
        let mut child = self
            .command()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let stdin = stdin.as_ref().to_vec();
        // A command that does not read its input closes it; that is its right.
        let writer = std::thread::spawn(move || drop(input.write_all(&stdin)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Done {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            args: args.join(" ").chars().take(200).collect(),
        }
    }

    /// Runs what must succeed, and gives its output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        self.run(args).must(0).stdout
    }

    /// Runs what must fail with a code, and gives its three lines.
    pub(crate) fn fails(&self, code: i32, args: &[&str]) -> String {
        self.run(args).must(code).stderr
    }

    /// Runs what must succeed, and gives its output as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let text = self.ok(&[args, &["-o", "json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
    }

    /// The streams and versions of events, such as `account-1@0`.
    pub(crate) fn places(&self, args: &[&str]) -> Vec<String> {
        let events = self.json(args);
        let place = |event: &serde_json::Value| {
            format!("{}@{}", event["stream"].as_str().unwrap(), event["version"])
        };
        events.as_array().unwrap().iter().map(place).collect()
    }
}

/// The binary in a folder, untouched by the variables of whoever runs the tests.
pub(crate) fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_annals"));
    command.current_dir(dir);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "RUST_BACKTRACE", "NOTIFY_SOCKET"] {
        command.env_remove(name);
    }
    let names = std::env::vars_os().map(|(name, _)| name);
    let ours = |name: &OsString| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"ANNALS_") || name.starts_with(b"OTEL_")
    };
    for name in names.filter(ours) {
        command.env_remove(name);
    }
    command
}

impl Done {
    #[track_caller]
    pub(crate) fn must(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "annals {}\nstdout: {}\nstderr: {}",
            self.args,
            self.stdout,
            self.stderr
        );
        self
    }
}
