//! Who asks for the latest gets it, also where the log does not know where it ends: as with a
//! leader that was replaced and still answers.

use std::sync::Arc;

use annals_cluster::{
    Cluster, Genesis, Settings, begin,
    log::{Extent, Logged, MemoryLog, OrderedLog, PublishError},
};
use annals_core::{
    Append, Backend, BoxFuture, BoxStream, EventType, ExpectedVersion, Freshness, NewEvent, Result,
    StreamName,
};
use bytes::Bytes;
use futures_lite::future::block_on;

use crate::{PATIENCE, open};

/// A log that does not know of anything but its beginning, when it is asked where it ends.
#[derive(Debug)]
struct Behind(MemoryLog);

impl OrderedLog for Behind {
    fn message_bytes_max(&self) -> usize {
        self.0.message_bytes_max()
    }

    fn publish(&self, message: Bytes) -> BoxFuture<'_, Result<u64, PublishError>> {
        self.0.publish(message)
    }

    fn follow(&self, from: u64) -> BoxStream<'static, Result<Logged>> {
        self.0.follow(from)
    }

    fn extent(&self) -> BoxFuture<'_, Result<Extent>> {
        Box::pin(async { Ok(Extent { first: 1, last: 1, bytes: 0, bytes_max: None }) })
    }

    fn tell(&self, what: Bytes) -> BoxFuture<'_, Result<()>> {
        self.0.tell(what)
    }

    fn hear(&self) -> BoxStream<'static, Bytes> {
        self.0.hear()
    }
}

#[test]
fn what_another_node_has_acknowledged_is_seen_after_asking_for_the_latest() {
    let log = MemoryLog::new();
    block_on(begin(&log, &Genesis::new())).unwrap();
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let writer = open(&log, dirs[0].path()).unwrap();
    let settings = Settings {
        store: "recorded".to_owned(),
        dir: dirs[1].path().to_owned(),
        name: None,
        timeout: PATIENCE,
        clock: None,
        progress: None,
    };
    let reader = block_on(Cluster::start(Arc::new(Behind(log)), settings)).unwrap();
    for number in 0..200 {
        let event = NewEvent::new(EventType::new("written").unwrap(), "{}");
        let stream = StreamName::new(format!("stream-{number}")).unwrap();
        let append = Append::to(stream, ExpectedVersion::NoStream, [event]);
        let stored = block_on(writer.append(append)).unwrap();
        let seen = block_on(reader.catch_up(Freshness::Latest)).unwrap();
        assert!(seen >= stored.position, "{seen:?} is before {:?}", stored.position);
    }
}
