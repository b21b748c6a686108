//! Copies between memory, folders and PostgreSQL, of made-up stores and of the events of a real
//! bank; copies that are killed and go on; targets that are no copies.
//!
//! Where PostgreSQL or the bank's file is missing, the tests show as ignored, unless
//! `ANNALS_REQUIRE` names `postgres`, `data` or `all`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod data;
mod killed;
mod places;
mod refused;
mod story;
mod takeover;
mod troubled;
mod ways;

use std::process::ExitCode;

use annals_testbed::is_required;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use places::Server;

/// What a case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    Postgres,
    Data,
    Both,
}

type Case = (&'static str, Need, fn(&Server));

const CASES: &[Case] = &[
    ("a_store_goes_from_memory_to_a_folder_and_back", Need::Nothing, ways::memory_and_folder),
    ("a_store_goes_from_memory_to_postgres_and_back", Need::Postgres, ways::memory_and_postgres),
    ("a_store_goes_from_a_folder_to_postgres_and_back", Need::Postgres, ways::folder_and_postgres),
    ("a_store_goes_into_partitions_and_back", Need::Postgres, ways::into_partitions),
    ("real_events_go_all_ways_round", Need::Both, ways::real_events),
    ("a_copy_goes_on_after_its_target_failed", Need::Postgres, killed::by_its_target),
    ("a_copy_to_a_folder_that_is_killed_ends_the_same", Need::Data, killed::in_a_folder),
    ("a_copy_to_postgres_that_is_killed_ends_the_same", Need::Both, killed::in_postgres),
    ("a_copy_of_a_store_in_use_is_a_beginning_of_it", Need::Nothing, ways::in_use),
    ("fences_of_before_the_copy_are_never_given_again", Need::Postgres, ways::fences),
    ("what_differs_far_back_is_found_at_the_end", Need::Nothing, refused::far_back),
    ("what_differs_near_the_head_is_found_before", Need::Nothing, refused::near_the_head),
    ("a_target_with_state_of_its_own_is_refused", Need::Nothing, refused::own_state),
    ("a_target_that_others_write_to_is_refused", Need::Nothing, refused::rivals),
    ("a_takeover_goes_on_after_its_target_failed", Need::Nothing, takeover::goes_on),
    ("a_target_with_events_of_its_own_is_refused", Need::Nothing, takeover::of_another_server),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let server = std::sync::Arc::new(Server::new());
    let trials = CASES.iter().map(|(name, need, case)| {
        let server = std::sync::Arc::clone(&server);
        Trial::ignorable_test(*name, move || match missing(*need, &server)? {
            Some(reason) => Ok(Completion::ignored_with(reason)),
            None => {
                case(&server);
                Ok(Completion::Completed)
            }
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    // The server ends with this, before the process does.
    drop(server);
    conclusion.exit_code()
}

fn missing(need: Need, server: &Server) -> Result<Option<String>, Failed> {
    let needs_server = matches!(need, Need::Postgres | Need::Both);
    if let (true, Err(reason)) = (needs_server, server.url()) {
        return absent("postgres", reason);
    }
    if matches!(need, Need::Data | Need::Both) && data::file().is_none() {
        return absent("data", "loan-applications.csv.gz is not there".to_owned());
    }
    Ok(None)
}

fn absent(what: &str, reason: String) -> Result<Option<String>, Failed> {
    if is_required(what) { Err(Failed::from(reason)) } else { Ok(Some(reason)) }
}
