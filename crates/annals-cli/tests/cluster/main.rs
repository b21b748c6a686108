//! A cluster on the command line, over three real servers of NATS: its log is made and looked over,
//! nodes are served, killed, added and copied, and the beginning of the log is removed.
//!
//! Without nats-server every test is ignored, unless `ANNALS_REQUIRE` names `nats`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bed;
#[expect(dead_code, reason = "the tests on folders need more of it")]
#[path = "../it/harness.rs"]
mod harness;
mod log;
mod nodes;
mod trim;

use std::process::ExitCode;

use annals_testbed::{is_required, nats::Installation};
use libtest_mimic::{Arguments, Completion, Trial};

use bed::Bed;

/// A case and its name. It panics when it fails.
type Case = (&'static str, fn(&Bed));

const CASES: &[Case] = &[
    ("a_log_is_made_once_and_what_is_risky_is_told", log::is_made_once),
    ("a_log_that_cannot_be_made_or_found_says_why", log::that_is_not_there),
    ("only_a_url_of_a_cluster_names_a_log", log::of_other_stores),
    ("what_one_node_takes_the_other_serves_also_after_a_kill", nodes::are_served_and_killed),
    ("a_folder_in_use_names_the_way_to_its_server", nodes::whose_folder_is_in_use),
    ("a_node_is_added_from_the_log_and_from_a_copy", nodes::are_added),
    ("trouble_and_differing_stores_are_told", nodes::with_trouble),
    ("a_trimmed_log_makes_nodes_from_copies_alone", trim::leaves_copies),
    ("a_log_is_not_trimmed_without_word_of_its_nodes", trim::is_refused),
];

fn main() -> ExitCode {
    let missing = Installation::find().err();
    let trials = CASES.iter().map(|(name, case)| trial(name, *case, missing.clone())).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, case: fn(&Bed), missing: Option<String>) -> Trial {
    Trial::ignorable_test(name, move || match missing {
        Some(reason) if is_required("nats") => Err(reason.into()),
        Some(reason) => Ok(Completion::ignored_with(reason)),
        None => {
            case(&Bed::new());
            Ok(Completion::Completed)
        }
    })
}
