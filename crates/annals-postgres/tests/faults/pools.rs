//! Connections that run out.

use std::{thread, time::Duration};

use annals_core::{Backend, ErrorKind, Name, StateKey, StateKind};
use annals_postgres::Options;
use annals_testbed::wait_until;
use futures_lite::future::block_on;

use crate::{
    bed::{Bed, fast, place},
    follower::Follower,
    session::Session,
    words::{all, any, append, event, read},
};

pub(crate) fn exhausted(bed: &Bed) -> Option<String> {
    let options =
        Options { pool_size: 2, pool_timeout: Duration::from_millis(300), ..Options::default() };
    let place = bed.store(options);
    let follower = Follower::start(&*place);
    let write = || append(&*place, any("pool-1", event("1"))).unwrap();
    write();
    wait_until("the subscription is live", || follower.count() == 1).unwrap();
    let stranger = Session::open(&place.url, "pool-filler");
    stranger.run("BEGIN");
    stranger.run(&format!("LOCK TABLE {}.leases IN ACCESS EXCLUSIVE MODE", place.schema()));
    let slow: Vec<_> = (0..2).map(|number| look_for_lease(&place.store, number)).collect();
    wait_until("two readers wait", || {
        stranger.ask(&format!(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{}.leases'::regclass",
            place.schema()
        )) == "2"
    })
    .unwrap();
    let error = read(&*place, "pool-1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    for word in ["all 2 connections", "`pool_size`"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    for _ in 0..3 {
        write();
    }
    stranger.run("COMMIT");
    for reader in slow {
        assert_eq!(reader.join().unwrap().unwrap(), None);
    }
    follower.check(&all(&*place));
    None
}

type Looked = thread::JoinHandle<annals_core::Result<Option<annals_core::StateEntry>>>;

fn look_for_lease(store: &annals_postgres::Postgres, number: usize) -> Looked {
    let store = store.clone();
    thread::spawn(move || {
        let name = Name::new(format!("lease-{number}")).unwrap();
        block_on(store.state(&StateKey { kind: StateKind::Lease, name }))
    })
}

pub(crate) fn server_exhausted(_: &Bed) -> Option<String> {
    let settings = [("max_connections", "12"), ("superuser_reserved_connections", "0")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let server = fast(settings.to_vec());
    let place = place(&server.url(), Options { pool_size: 4, ..Options::default() });
    let observer = Session::open(&place.url, "observer");
    wait_until("the store has its connections for appends and for asking alone", || {
        observer
            .ask(
                "SELECT count(*) || string_agg(query, '') FROM pg_stat_activity \
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
            )
            .strip_prefix('2')
            .is_some_and(|queries| queries.contains(".store"))
    })
    .unwrap();
    let mut strangers = Vec::new();
    while let Ok(stranger) = Session::try_open(&place.url, "crowd") {
        strangers.push(stranger);
    }
    append(&*place, any("full-1", event("1"))).unwrap();
    let error = read(&*place, "full-1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("`max_connections`"), "{error}");
    let follower = Follower::start(&*place);
    append(&*place, any("full-1", event("2"))).unwrap();
    strangers.clear();
    wait_until("there is room again", || read(&*place, "full-1").is_ok()).unwrap();
    follower.check(&all(&*place));
    None
}
