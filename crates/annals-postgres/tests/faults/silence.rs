//! Servers that take what they are sent and never answer, over connections that stay up: calls end
//! all the same, and say what they know.

use std::{cell::RefCell, time::Duration};

use annals_core::{Append, ErrorKind};
use annals_postgres::Options;
use annals_testbed::postgres as testbed;

use crate::{
    bed::{Bed, Place, place},
    follower::Follower,
    proxy::{Mood, Proxy},
    warnings,
    words::{all, any, append, check_order, event, read},
};

/// Answers are due soon.
pub(crate) fn hasty() -> Options {
    Options {
        statement_timeout: Duration::from_secs(2),
        answer_grace: Duration::from_millis(100),
        ..Options::default()
    }
}

/// The same, for those who do not wait for another connection either.
fn impatient() -> Options {
    Options { patience: Duration::from_millis(500), ..hasty() }
}

/// Connections are made within a second, or not.
fn quickly(url: &str) -> String {
    format!("{url}?connect_timeout=1")
}

pub(crate) fn connections_are_replaced(bed: &Bed) -> Option<String> {
    let proxy = Proxy::before(bed.server().port());
    let place = place(&proxy.url(), hasty());
    let follower = Follower::start(&*place);
    for (mood, number) in [(Mood::SwallowsAll, 1), (Mood::SwallowsAnswers, 2)] {
        append(&*place, any("s-1", event("{}"))).unwrap();
        assert_eq!(read(&*place, "s-1").unwrap().len(), 2 * number - 1);
        proxy.treat_those_there_are(mood);
        let request = any("s-1", event("{}"));
        let done = append(&*place, request.clone()).unwrap();
        assert!(!done.duplicate, "the first answer that comes is that of the append");
        assert!(append(&*place, request).unwrap().duplicate);
        assert_eq!(read(&*place, "s-1").unwrap().len(), 2 * number);
    }
    warnings::wait_for(&["has not answered in time"]);
    let events = all(&*place);
    check_order(&events);
    follower.check(&events);
    None
}

pub(crate) fn calls_end_where_nobody_answers(bed: &Bed) -> Option<String> {
    let proxy = Proxy::before(bed.server().port());
    let place = place(&quickly(&proxy.url()), impatient());
    check_calls_end(
        &place,
        || {
            proxy.treat_new_ones(Mood::SwallowsAll);
            proxy.treat_those_there_are(Mood::SwallowsAll);
        },
        || proxy.treat_new_ones(Mood::Helpful),
    );
    None
}

pub(crate) fn calls_end_where_a_server_is_stopped(_: &Bed) -> Option<String> {
    let server = testbed::Postgres::start(testbed::Options::default()).unwrap();
    let place = place(&quickly(&server.url()), impatient());
    let server = RefCell::new(server);
    let stop = || server.borrow_mut().pause().unwrap();
    check_calls_end(&place, stop, || server.borrow_mut().resume().unwrap());
    None
}

fn check_calls_end(place: &Place, stop: impl Fn(), go_on: impl Fn()) {
    append(&**place, any("s-1", event("1"))).unwrap();
    assert_eq!(read(&**place, "s-1").unwrap().len(), 1);
    stop();
    let request: Append = any("s-1", event("2"));
    let error = append(&**place, request.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("may have been done"), "{error}");
    let error = read(&**place, "s-1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("did not answer in time"), "{error}");
    let error = append(&**place, any("s-1", event("never sent"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let error = read(&**place, "s-1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("`connect_timeout`"), "{error}");
    go_on();
    append(&**place, request).unwrap();
    let events = all(&**place);
    check_order(&events);
    let data: Vec<_> = events.iter().map(|event| event.data.clone()).collect();
    assert_eq!(data, ["1", "2"]);
}
