//! Transactions of strangers that are left open: they hold somebody up, or they do not, but never
//! without a word.

use std::{thread, time::Duration};

use annals_core::{ErrorKind, Query, ReadAll};
use annals_postgres::Options;
use futures_lite::{StreamExt, future::block_on};

use crate::{
    bed::{Bed, Place},
    follower::Follower,
    session::Session,
    together::turn,
    warnings,
    words::{all, any, append, check_order, event},
};

/// Long enough for a look at who is to blame.
const LOCK_TIMEOUT: Duration = Duration::from_millis(3_500);

pub(crate) fn with_the_turn_of_appends(bed: &Bed) -> Option<String> {
    hold_up_appends(bed, "turn-holder", turn)
}

pub(crate) fn with_a_lock_on_a_table(bed: &Bed) -> Option<String> {
    hold_up_appends(bed, "table-holder", |schema| {
        format!("LOCK TABLE {schema}.events IN ACCESS EXCLUSIVE MODE")
    })
}

pub(crate) fn with_a_lock_on_a_row(bed: &Bed) -> Option<String> {
    hold_up_appends(bed, "row-holder", |schema| format!("SELECT * FROM {schema}.store FOR UPDATE"))
}

/// Appends fail within their time, and both the error and a warning name who is to blame.
fn hold_up_appends(bed: &Bed, application: &str, lock: fn(&str) -> String) -> Option<String> {
    let place = bed.store(Options { lock_timeout: LOCK_TIMEOUT, ..Options::default() });
    append(&*place, any("held-1", event("1"))).unwrap();
    let stranger = Session::open(&place.url, application);
    stranger.run("BEGIN");
    stranger.run(&lock(place.schema()));
    let error = append(&*place, any("held-1", event("2"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let pid = stranger.pid.to_string();
    let words =
        [&format!("process {pid} "), application, "`annals`", "idle in transaction", "since 20"];
    for word in words {
        assert!(error.to_string().contains(word), "`{word}` is not in `{error}`");
    }
    let warning = warnings::wait_for(&words);
    assert!(warning.contains(&format!("pid={pid}")), "{warning}");
    stranger.run("ROLLBACK");
    append(&*place, any("held-1", event("3"))).unwrap();
    let events = all(&*place);
    check_order(&events);
    assert_eq!(events.len(), 2, "what failed is not stored");
    None
}

pub(crate) fn who_hold_up_readers(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    append(&*place, any("held-1", event("1"))).unwrap();
    let stranger = Session::open(&place.url, "reader-stopper");
    stranger.run("BEGIN");
    stranger.run(&format!("LOCK TABLE {}.events IN ACCESS EXCLUSIVE MODE", place.schema()));
    let mut events = place.read(ReadAll::new(Query::all()).into());
    let reader = thread::spawn(move || block_on(events.next()));
    let pid = format!("process {} ", stranger.pid);
    warnings::wait_for(&[&pid, "reader-stopper", "idle in transaction"]);
    assert!(!reader.is_finished());
    stranger.run("COMMIT");
    assert!(reader.join().unwrap().unwrap().is_ok());
    None
}

pub(crate) fn with_an_old_snapshot(bed: &Bed) -> Option<String> {
    let place = bed.store(Options { lock_timeout: LOCK_TIMEOUT, ..Options::default() });
    let write = |place: &Place| append(&**place, any("free-1", event("1"))).unwrap();
    write(&place);
    let stranger = Session::open(&place.url, "snapshot-holder");
    stranger.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    let count = format!("SELECT count(*) FROM {}.events", place.schema());
    assert_eq!(stranger.ask(&count), "1");
    let follower = Follower::start(&*place);
    (0..20).for_each(|_| drop(write(&place)));
    follower.check(&all(&*place));
    assert_eq!(stranger.ask(&count), "1", "the stranger is still where it was");
    assert_eq!(warnings::find(&["snapshot-holder"]), None);
    None
}
