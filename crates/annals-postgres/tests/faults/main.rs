//! What may go wrong around a store in PostgreSQL, and that nothing is lost, doubled, torn or out
//! of order when it does.
//!
//! * One server serves the cases that leave it alive; those that kill, fill or exhaust a server
//!   have one of their own.
//! * Writers and readers in other processes are this program again, in a role that an environment
//!   variable gives it.
//! * Without PostgreSQL every case is ignored, unless `ANNALS_REQUIRE` names it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod announcements;
mod bed;
mod clocks;
mod crowd;
mod disk;
mod follower;
mod inline;
mod kills;
mod payloads;
mod pools;
mod processes;
mod proxy;
mod race;
mod session;
mod silence;
mod strangers;
mod together;
mod values;
mod visitors;
mod warnings;
mod words;

use std::{env, process::ExitCode, sync::Arc};

use annals_testbed::{is_required, postgres::Installation};
use bed::Bed;
use libtest_mimic::{Arguments, Completion, Trial};

/// A case gives `Some` reason when this machine cannot run it.
type Case = fn(&Bed) -> Option<String>;

const CASES: &[(&str, Case)] = &[
    ("writers_and_readers_in_many_processes_agree_on_one_order", processes::agree_on_one_order),
    ("commits_are_announced_also_after_a_link_was_lost", announcements::reach_others),
    ("commits_are_announced_to_those_who_listen", announcements::are_made_for_those_who_listen),
    ("conditions_hold_where_the_role_asks_for_serializable", race::under_serializable),
    ("conditions_hold_where_the_role_asks_for_repeatable_read", race::under_repeatable_read),
    ("nothing_is_lost_or_doubled_by_kills_and_pauses", kills::nothing_is_lost_or_doubled),
    ("inline_work_survives_a_session_that_is_ended", inline::survives_a_session_that_is_ended),
    ("inline_work_survives_a_server_that_is_killed", inline::survives_a_server_that_is_killed),
    ("inline_work_survives_an_answer_that_is_lost", inline::survives_an_answer_that_is_lost),
    ("silent_connections_are_replaced", silence::connections_are_replaced),
    ("calls_end_where_nobody_answers", silence::calls_end_where_nobody_answers),
    ("calls_end_where_a_server_is_stopped", silence::calls_end_where_a_server_is_stopped),
    ("a_stranger_with_the_turn_of_appends_is_named", strangers::with_the_turn_of_appends),
    ("a_stranger_with_a_lock_on_a_table_is_named", strangers::with_a_lock_on_a_table),
    ("a_stranger_with_a_lock_on_a_row_is_named", strangers::with_a_lock_on_a_row),
    ("a_reader_that_waits_is_explained", strangers::who_hold_up_readers),
    ("an_old_snapshot_holds_up_nobody", strangers::with_an_old_snapshot),
    ("an_append_by_sql_keeps_the_order", visitors::append_by_the_function),
    ("rows_put_beside_the_function_are_refused_or_noticed", visitors::put_rows_beside_it),
    ("a_slow_request_fails_alone", visitors::slow_requests_fail_alone),
    ("an_exhausted_pool_says_so_and_appends_go_on", pools::exhausted),
    ("an_exhausted_server_says_so_and_appends_go_on", pools::server_exhausted),
    ("a_full_disk_refuses_appends_until_there_is_room", disk::full),
    ("times_never_go_back_when_clocks_do", clocks::jump),
    ("what_is_stored_as_json_is_json_to_postgresql", payloads::agree_with_postgresql),
    ("a_refused_payload_fails_no_neighbour", payloads::refused_alone),
    ("hostile_words_come_back_as_they_were", values::hostile_words),
    ("the_largest_appends_come_back_as_they_were", values::largest_appends),
];

fn main() -> ExitCode {
    if let Ok(role) = env::var(crowd::ROLE) {
        return crowd::play(&role);
    }
    let missing = Installation::find().err();
    warnings::collect();
    let bed = Arc::new(Bed::default());
    let trials = CASES
        .iter()
        .map(|(name, case)| {
            let (bed, case, missing) = (Arc::clone(&bed), *case, missing.clone());
            Trial::ignorable_test((*name).to_owned(), move || match missing {
                Some(reason) if is_required("postgres") => Err(reason.into()),
                Some(reason) => Ok(Completion::ignored_with(reason)),
                None => Ok(bed::within_deadline(name, move || case(&bed))?
                    .map_or(Completion::Completed, Completion::ignored_with)),
            })
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
