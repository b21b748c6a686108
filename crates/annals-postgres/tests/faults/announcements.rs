//! Commits of others are announced to those who listen, and to nobody else.

use std::time::Duration;

use annals_postgres::Options;
use annals_testbed::wait_until;

use crate::{
    bed::Bed,
    follower::Follower,
    session::Session,
    words::{all, any, append, event},
};

/// Nobody asks for the head in the meantime, so whoever learns of a commit was told.
fn only_told() -> Options {
    Options { poll_every: Duration::from_secs(3_600), ..Options::default() }
}

pub(crate) fn reach_others(bed: &Bed) -> Option<String> {
    let place = bed.store(only_told());
    let other = place.open_again(only_told());
    let follower = Follower::start(&*place);
    append(&other, any("told-1", event("1"))).unwrap();
    wait_until("the other's append is seen", || follower.count() == 1).unwrap();
    let operator = Session::open(&place.url, "operator");
    let listening = format!(
        "FROM pg_locks WHERE locktype = 'advisory' AND classid = 1634627180 \
         AND objid = '{}.store'::regclass",
        place.schema()
    );
    let sessions = || operator.ask(&format!("SELECT string_agg(pid::text, ' ') {listening}"));
    let before: Vec<String> = sessions().split(' ').map(str::to_owned).collect();
    assert_eq!(before.len(), 2, "each program listens");
    operator.run(&format!("SELECT pg_terminate_backend(pid) {listening}"));
    wait_until("both listen again, although nobody appends", || {
        let now = sessions();
        now.split(' ').count() == 2 && !before.iter().any(|pid| now.contains(pid.as_str()))
    })
    .unwrap();
    append(&other, any("told-1", event("2"))).unwrap();
    append(&*place, any("told-1", event("3"))).unwrap();
    follower.check(&all(&*place));
    None
}

pub(crate) fn are_made_for_those_who_listen(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    let stranger = Session::open(&place.url, "stranger");
    stranger.run(&format!("SET search_path = {}", place.schema()));
    let do_others_listen = || stranger.ask("SELECT do_others_listen()") == "t";
    assert!(do_others_listen(), "the store listens");
    drop(place);
    wait_until("nobody listens any more", || !do_others_listen()).unwrap();
    None
}
