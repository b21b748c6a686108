//! The `annals` command: a table of subcommands, one file each in `cmd/`.
//!
//! What was typed is parsed by `cli` and the `Args` of each command. A command turns its
//! arguments into values of the vocabulary, asks the store, and prints. It never chooses a
//! format or an exit code by itself: `output` and `exit` do.
//!
//! Only two things are public: reading import files, because it is a pure function of bytes that
//! fuzzers and other tools can use; and copying stores, because tests copy between stores that no
//! URL names.

mod cli;
mod cmd;
mod confirm;
pub mod copy;
mod exit;
mod failure;
pub mod import;
mod managed;
mod output;
mod password;
mod payload;
mod progress;
mod range;
mod select;
mod serving;
mod session;
mod settings;
mod span;

use std::{ffi::OsString, io::Write, process::ExitCode};

use cli::Cli;
use exit::Exit;
use failure::Failure;
use output::Style;
use session::Session;
use settings::Settings;

/// Runs the command line and gives the exit code of the process.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let errors = ErrorFormat::of(&args);
    let (args, settings) = match settings::fill(args) {
        Ok(filled) => filled,
        Err(failure) => {
            tell(&failure, errors);
            return ExitCode::from(failure.exit().code());
        }
    };
    let cli = match cli::parse(&args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, errors),
    };
    let exit = match run(cli, settings) {
        Ok(exit) => exit,
        Err(failure) => {
            tell(&failure, errors);
            failure.exit()
        }
    };
    ExitCode::from(exit.code())
}

fn run(cli: Cli, settings: Settings) -> failure::Result<Exit> {
    let session = Session::new(&cli.global, settings)?;
    cmd::run(cli.command, &session)
}

/// How errors are written; needed before the arguments are understood.
#[derive(Debug, Clone, Copy)]
enum ErrorFormat {
    Text(Style),
    Json,
}

impl ErrorFormat {
    fn of(args: &[OsString]) -> Self {
        let has = |flag: &str| args.iter().any(|arg| arg == flag);
        if has("--json-errors") {
            Self::Json
        } else if has("--no-color") {
            Self::Text(Style::Plain)
        } else {
            Self::Text(Style::suited_to(&std::io::stderr()))
        }
    }
}

fn tell(failure: &Failure, errors: ErrorFormat) {
    if let Failure::Report(report) = failure {
        let text = match errors {
            ErrorFormat::Text(style) => report.text(style),
            ErrorFormat::Json => report.json(),
        };
        to_stderr(&text);
    }
}

/// What clap refused, or the help and version it was asked for.
fn usage(error: &clap::Error, errors: ErrorFormat) -> ExitCode {
    match (error.use_stderr(), errors) {
        (true, ErrorFormat::Json) => {
            let text = error.render().to_string();
            let message = text.trim().trim_start_matches("error: ");
            let failure = Failure::usage(message, "add `--help` for examples");
            tell(&failure, errors);
        }
        // A reader of help that has gone is no error.
        _ => drop(error.print()),
    }
    let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
    ExitCode::from(exit.code())
}

/// Where errors cannot be written there is nobody left to tell.
fn to_stderr(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}
