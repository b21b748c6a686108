//! The events of a KurrentDB, taken over. The server is ours, which speaks its protocol too.

use std::sync::Arc;

use annals::{Backend, ErrorKind, RecordedEvent, Version};
use annals_testbed::annals::Annals;
use futures_lite::future::block_on;

use crate::{
    places::{Server, memory, open},
    story::{append, events, stream, tell, try_copy},
    troubled::{Trouble, Troubled},
};

/// A server with some of everything, and its store through the protocol of KurrentDB.
fn source() -> (Annals, Arc<dyn Backend>) {
    let server = Annals::start(env!("CARGO_BIN_EXE_annals"), ["--insecure"]).unwrap();
    let ours = open(&format!("annals://127.0.0.1:{}?tls=false", server.port()));
    for round in 0..25 {
        append(ours.as_ref(), &format!("many-{round}"), round * 1_000..round * 1_000 + 1_000);
    }
    tell(ours.as_ref());
    let theirs = open(&server.kurrentdb());
    (server, theirs)
}

/// All that stays of an event.
fn kept(of: &dyn Backend) -> Vec<RecordedEvent> {
    let events = events(of).into_iter().zip(0..);
    events.map(|(e, at)| RecordedEvent { position: annals::Position::new(at), ..e }).collect()
}

pub(crate) fn goes_on(_: &Server) {
    let (_server, source) = source();
    let target = Troubled::new(memory(), Trouble::Fails);
    let error = try_copy(source.as_ref(), &target).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let present = events(&target).len() as u64;
    assert!(0 < present && present < events(source.as_ref()).len() as u64);
    let copied = try_copy(source.as_ref(), &target).unwrap();
    assert_eq!((copied.present, copied.renumbered), (present, 0));
    assert_eq!(kept(source.as_ref()), kept(&target));
    let (here, there) = (target.head(), source.head());
    assert!(block_on(here).unwrap() < block_on(there).unwrap());
    let deleted = block_on(target.stream_info(&stream("counter-2"))).unwrap();
    assert_eq!(deleted.last_version.map(Version::get), Some(24));
}

pub(crate) fn of_another_server(_: &Server) {
    let (_server, source) = source();
    let target = memory();
    append(target.as_ref(), "own-1", 0..1);
    let error = try_copy(source.as_ref(), target.as_ref()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConditionFailed);
    let target = Troubled::new(memory(), Trouble::Rival);
    let error = try_copy(source.as_ref(), &target).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConditionFailed, "{error}");
}
