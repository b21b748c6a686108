//! Others who write to the tables with plain SQL: what keeps the order, what the constraints
//! refuse, and what is noticed.

use std::{thread, time::Duration};

use annals_core::{Append, ErrorKind, EventType, NewEvent};
use annals_postgres::Options;

use crate::{
    bed::Bed,
    follower::Follower,
    session::Session,
    together::{append_together, wait_for_a_waiter},
    words::{all, any, append, check_order, event, with_tag},
};

/// A call of the function `append` for one event of a stream.
fn call(schema: &str) -> String {
    format!(
        "SELECT is_done FROM {schema}.append(\
         ARRAY['visit-1'], ARRAY['visit'], ARRAY[NULL]::bigint[], ARRAY[NULL]::bigint[], \
         ARRAY[true], ARRAY[1]::bigint[], ARRAY[1]::bigint[], ARRAY[0]::bigint[], \
         ARRAY[NULL]::json[], ARRAY[NULL]::bigint[], ARRAY[NULL]::bigint[], \
         ARRAY[NULL]::bigint[], ARRAY[false], ARRAY[false], \
         NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, \
         ARRAY[1], ARRAY[0]::bigint[], ARRAY[gen_random_uuid()], ARRAY['visit-1'], \
         ARRAY['visit'], ARRAY['Visited'], ARRAY[1]::bigint[], ARRAY[NULL]::text[], \
         ARRAY['{{}}']::json[], ARRAY[NULL]::bytea[], ARRAY[NULL]::json[], \
         ARRAY[NULL]::bytea[], ARRAY[NULL]::text[], ARRAY[NULL]::text[], ARRAY[NULL]::bigint[], \
         NULL, NULL, NULL, 'annals_' || (SELECT store_id FROM {schema}.store))"
    )
}

pub(crate) fn append_by_the_function(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    let follower = Follower::start(&*place);
    let write = || append(&*place, any("ours-1", event("1"))).unwrap();
    write();
    let visitor = Session::open(&place.url, "visitor");
    visitor.run(&format!("SET search_path = {}", place.schema()));
    visitor.run("BEGIN");
    assert_eq!(visitor.ask(&call(place.schema())), "t");
    visitor.run("ROLLBACK");
    write();
    visitor.run("BEGIN");
    assert_eq!(visitor.ask(&call(place.schema())), "t");
    thread::scope(|scope| {
        let ours = scope.spawn(write);
        wait_for_a_waiter(&place, &visitor);
        assert_eq!(all(&*place).len(), 2, "nothing is seen before its commit");
        visitor.run("COMMIT");
        ours.join().unwrap();
    });
    let events = all(&*place);
    check_order(&events);
    let streams: Vec<&str> = events.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(streams, ["ours-1", "ours-1", "visit-1", "ours-1"]);
    follower.check(&events);
    None
}

/// Puts a row into the table `events`.
fn put(schema: &str, position: u64, stream: &str, version: &str) -> String {
    format!(
        "INSERT INTO {schema}.events (global_position, event_id, stream_id, version, event_type, \
         schema_version, created_at) \
         VALUES ({position}, gen_random_uuid(), '{stream}', {version}, 'Put', 1, now())"
    )
}

pub(crate) fn put_rows_beside_it(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    let follower = Follower::start(&*place);
    let write = || append(&*place, any("ours-1", event("1")));
    write().unwrap();
    let (visitor, schema) = (Session::open(&place.url, "visitor"), place.schema());
    assert_eq!(visitor.refused(&put(schema, 0, "theirs-1", "0")), "23505", "a position twice");
    assert_eq!(visitor.refused(&put(schema, 1, "ours-1", "0")), "23505", "a version twice");
    assert_eq!(visitor.refused(&put(schema, 1, "ours-1", "NULL")), "23502", "no version");
    visitor.run(&put(schema, 1, "theirs-1", "0"));
    assert_eq!(all(&*place).len(), 1, "no reader of the store goes beyond its head");
    let error = write().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    assert!(error.to_string().contains("past the function `append`"), "{error}");
    visitor.run(&format!("DELETE FROM {schema}.events WHERE stream_id = 'theirs-1'"));
    write().unwrap();
    let events = all(&*place);
    check_order(&events);
    assert_eq!(events.len(), 2);
    follower.check(&events);
    None
}

pub(crate) fn slow_requests_fail_alone(bed: &Bed) -> Option<String> {
    let place = bed
        .store(Options { statement_timeout: Duration::from_millis(1_500), ..Options::default() });
    // Somebody's trigger, which takes its time over some events.
    Session::open(&place.url, "operator").run(&format!(
        "CREATE FUNCTION {schema}.take_time() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep(60); RETURN new; END $$; \
         CREATE TRIGGER slow BEFORE INSERT ON {schema}.events FOR EACH ROW \
         WHEN (new.event_type = 'Slow') EXECUTE FUNCTION {schema}.take_time()",
        schema = place.schema()
    ));
    let slow = NewEvent::new(EventType::new("Slow").unwrap(), "{}");
    let requests: Vec<Append> = (0..9)
        .map(|number| match number {
            4 => any("slow-1", slow.clone()).unless(with_tag("nothing"), None),
            other => any(&format!("quick-{other}"), event("{}")),
        })
        .collect();
    let answers = append_together(&place, requests);
    for (number, answer) in answers.iter().enumerate() {
        match (number, answer) {
            (4, Err(error)) => assert_eq!(error.kind(), ErrorKind::Timeout, "{error}"),
            (4, Ok(_)) => panic!("the slow one should not be stored"),
            (_, answer) => assert!(answer.is_ok(), "{answer:?}"),
        }
    }
    let events = all(&*place);
    check_order(&events);
    assert_eq!(events.len(), 9);
    None
}
