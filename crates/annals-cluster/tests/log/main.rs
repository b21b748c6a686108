//! The log in JetStream, on real servers: its order, what it refuses, what it survives, and how it
//! is set up.
//!
//! Without nats-server every test is ignored, unless `ANNALS_REQUIRE` names `nats`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bed;
mod credentials;
mod faults;
mod order;
mod refusals;
mod secured;
mod setup;

use std::{error::Error, process::ExitCode};

use annals_testbed::{is_required, nats::Installation};
use libtest_mimic::{Arguments, Completion, Trial};

type Outcome = Result<(), Box<dyn Error>>;
type Test = fn() -> Outcome;

/// Most of the time the tests wait for elections.
const TESTS_AT_ONCE: usize = 2;

const TESTS: &[(&str, Test)] = &[
    ("every_follower_sees_the_same_order", order::is_the_same_for_every_follower),
    ("messages_are_in_the_log_where_their_answers_say", order::is_that_of_the_answers),
    ("a_follower_waits_for_what_comes_next", order::goes_on_live),
    ("a_log_of_large_messages_is_followed", order::of_large_messages),
    ("a_follower_survives_the_kill_of_its_server", faults::kill_of_the_connected_server),
    ("a_follower_survives_the_kill_of_the_leader", faults::kill_of_the_leader),
    ("a_follower_survives_a_leader_that_says_nothing", faults::pause_of_the_leader),
    (
        "everything_goes_on_when_the_leader_that_is_connected_to_is_cut_off",
        faults::partition_of_the_connected_leader,
    ),
    (
        "another_server_is_asked_when_the_connected_one_is_cut_off",
        faults::partition_of_the_connected_server,
    ),
    ("a_follower_waits_for_a_single_server", faults::restart_of_a_single_server),
    ("a_publish_during_an_election_is_unanswered", faults::publish_during_an_election),
    ("a_full_log_refuses", refusals::of_a_full_log),
    ("a_message_that_is_too_large_is_refused", refusals::of_a_large_message),
    ("a_beginning_that_was_purged_is_told", refusals::of_a_purged_beginning),
    ("a_log_that_is_shorter_than_before_is_told", refusals::of_a_log_that_was_made_anew),
    ("a_log_that_was_removed_is_told", refusals::of_a_log_that_was_removed),
    ("nobody_there_is_told_soon", refusals::when_nobody_listens),
    ("a_wrong_password_is_told_without_it", refusals::of_a_wrong_password),
    ("a_log_behind_tls_is_used", secured::by_tls),
    ("the_permissions_that_the_book_names_are_enough", secured::with_permissions),
    ("a_log_is_used_with_credentials", secured::with_credentials),
    ("a_log_is_made_once", setup::a_log_is_made_once),
    (
        "a_log_is_made_by_servers_that_are_being_started",
        setup::a_log_is_made_by_servers_that_are_being_started,
    ),
    ("servers_that_are_not_started_are_told", setup::servers_that_are_not_started_are_told),
    ("a_log_of_another_shape_is_refused", setup::another_shape_is_refused),
    ("a_missing_log_is_told", setup::a_missing_log_is_told),
    ("more_replicas_than_servers_are_refused", setup::more_replicas_than_servers),
    ("a_good_cluster_has_no_problems", setup::a_good_cluster_has_no_problems),
    ("a_bad_cluster_is_explained", setup::a_bad_cluster_is_explained),
];

fn main() -> ExitCode {
    let missing = Installation::find().err();
    let trials = TESTS.iter().map(|(name, test)| trial(name, *test, missing.clone())).collect();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(TESTS_AT_ONCE);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: &str, test: Test, missing: Option<String>) -> Trial {
    Trial::ignorable_test(name, move || match missing {
        Some(reason) if is_required("nats") => Err(reason.into()),
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => test().map(|()| Completion::Completed).map_err(|error| error.to_string().into()),
    })
}
