//! Tests that need servers of their own: ignored where PostgreSQL is not installed, and failed
//! there when it is required.

use std::{error::Error, process::ExitCode};

use annals_testbed::{
    is_required,
    postgres::{Durability, Installation, Options, Postgres},
};
use libtest_mimic::{Arguments, Completion, Trial};

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// A test and its name.
pub(crate) type Test = (&'static str, fn() -> Outcome);

/// Runs those that the command line asks for.
pub(crate) fn run(tests: &[Test]) -> ExitCode {
    let missing = Installation::find().err();
    let trials = tests.iter().map(|(name, test)| trial(name, *test, missing.clone())).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, test: fn() -> Outcome, missing: Option<String>) -> Trial {
    Trial::ignorable_test(name.to_owned(), move || match missing {
        None => {
            test().map_err(|error| error.to_string())?;
            Ok(Completion::Completed)
        }
        Some(reason) if is_required("postgres") => Err(reason.into()),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    })
}

/// A server with nothing special.
pub(crate) fn plain_server() -> Result<Postgres, Box<dyn Error>> {
    let options = Options { durability: Durability::Fast, ..Options::default() };
    Ok(Postgres::start(options)?)
}
