//! What a handle must know of is asked of the server, which waits there.

use std::{net::SocketAddr, sync::Arc};

use annals_core::{
    Append, Backend, ErrorKind, EventType, ExpectedVersion, Freshness, MemoryBackend, NewEvent,
    Position, StreamName,
};
use annals_remote::{Options, Remote};
use futures_lite::future::block_on;

use crate::served::Running;

#[test]
fn catching_up_gives_the_newest_position_and_refuses_what_is_not_there_yet() {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Running::start(Arc::new(MemoryBackend::new()), listen);
    block_on(async {
        let store = Remote::open(&server.url(), Options::default()).await.unwrap();
        assert_eq!(store.catch_up(Freshness::Latest).await.unwrap(), None);
        let event = NewEvent::new(EventType::new("opened").unwrap(), "{}");
        let stream = StreamName::new("account-1").unwrap();
        store.append(Append::to(stream, ExpectedVersion::NoStream, [event])).await.unwrap();
        let first = Position::new(0);
        let head = store.catch_up(Freshness::Position(first)).await.unwrap();
        assert_eq!(head, Some(first));
        let beyond = store.catch_up(Freshness::Position(Position::new(7))).await.unwrap_err();
        assert_eq!(beyond.kind(), ErrorKind::Unavailable);
    });
}
