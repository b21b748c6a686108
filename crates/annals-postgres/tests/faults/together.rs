//! Appends that reach the database in one call.

use std::pin::pin;

use annals_core::{Append, Appended, Result};
use annals_testbed::wait_until;
use futures_lite::{
    future::{block_on, poll_once},
    stream::{self, StreamExt},
};

use crate::{
    bed::Place,
    session::Session,
    words::{any, event},
};

/// Takes the turn of appends in a transaction of its own.
pub(crate) fn take_turn(place: &Place, application: &str) -> Session {
    let session = Session::open(&place.url, application);
    session.run("BEGIN");
    session.run(&turn(place.schema()));
    session
}

/// The statement that takes the turn.
pub(crate) fn turn(schema: &str) -> String {
    format!("SELECT pg_advisory_xact_lock(1634627169, '{schema}.store'::regclass::oid::integer)")
}

/// Waits until somebody waits for the turn that a session has.
pub(crate) fn wait_for_a_waiter(place: &Place, holder: &Session) {
    let waiting = format!(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
         AND objid = '{}.store'::regclass",
        place.schema()
    );
    wait_until("an append waits for its turn", || holder.ask(&waiting) != "0").unwrap();
}

/// Appends that go to the database in one group: while an append before them waits for its turn,
/// they gather.
pub(crate) fn append_together(place: &Place, appends: Vec<Append>) -> Vec<Result<Appended>> {
    let holder = take_turn(place, "gatherer");
    let mut first = pin!(place.append(any("first-1", event("{}"))));
    let begun = block_on(poll_once(first.as_mut()));
    assert!(begun.is_none());
    wait_for_a_waiter(place, &holder);
    let mut waiting: Vec<_> = appends.into_iter().map(|append| place.append(append)).collect();
    for one in &mut waiting {
        assert!(block_on(poll_once(one.as_mut())).is_none());
    }
    holder.run("ROLLBACK");
    block_on(async {
        first.await.unwrap();
        stream::iter(waiting).then(|one| one).collect().await
    })
}
