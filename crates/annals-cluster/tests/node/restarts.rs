//! Nodes that stop, come late, and find another log.

use std::sync::{
    Arc, Mutex,
    mpsc::{Receiver, Sender, channel},
};

use annals_cluster::{
    Cluster,
    log::{Extent, Logged, MemoryLog, OrderedLog, PublishError},
};
use annals_core::{Backend, BoxFuture, BoxStream, ErrorKind, ExpectedVersion, Freshness, Result};
use bytes::Bytes;
use futures_lite::future::block_on;

use crate::room::{Room, all, append, close};

#[test]
fn a_node_goes_on_where_it_stopped_and_has_what_came_meanwhile() {
    let room = Room::new();
    let (first, second) = (room.node("a"), room.node("b"));
    for number in 0..10 {
        append(&first, &format!("a-{number}"), ExpectedVersion::NoStream).unwrap();
    }
    close(&second);
    append(&first, "a-0", ExpectedVersion::Any).unwrap();
    let second = room.node("b");
    assert_eq!(all(&second), all(&first));
    // Dropped as a kill would leave it: nothing is said goodbye to.
    drop(first);
    append(&second, "a-0", ExpectedVersion::Any).unwrap();
    let first = room.node("a");
    assert_eq!(all(&first), all(&second));
    close(&first);
    close(&second);
    assert_eq!(room.segments("a"), room.segments("b"));
}

/// A log that keeps the thread that tells the nodes something, once.
#[derive(Debug)]
struct Keeping {
    log: MemoryLog,
    /// Says that it has the thread, and keeps it until the other end is dropped.
    once: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

impl OrderedLog for Keeping {
    fn tell(&self, what: Bytes) -> BoxFuture<'_, Result<()>> {
        if let Some((kept, until)) = self.once.lock().unwrap().take() {
            kept.send(()).unwrap();
            until.recv().unwrap_err();
        }
        self.log.tell(what)
    }

    fn message_bytes_max(&self) -> usize {
        self.log.message_bytes_max()
    }

    fn publish(&self, message: Bytes) -> BoxFuture<'_, Result<u64, PublishError>> {
        self.log.publish(message)
    }

    fn follow(&self, from: u64) -> BoxStream<'static, Result<Logged>> {
        self.log.follow(from)
    }

    fn extent(&self) -> BoxFuture<'_, Result<Extent>> {
        self.log.extent()
    }

    fn hear(&self) -> BoxStream<'static, Bytes> {
        self.log.hear()
    }
}

#[test]
fn a_node_that_is_dropped_has_left_its_folder_whatever_its_threads_still_do() {
    let room = Room::new();
    let log = Arc::new(Keeping { log: room.log.clone(), once: Mutex::default() });
    let node = block_on(Cluster::start(log.clone(), room.settings("a"))).unwrap();
    append(&node, "a-0", ExpectedVersion::Any).unwrap();
    let ((kept, is_kept), (let_go, until)) = (channel(), channel());
    *log.once.lock().unwrap() = Some((kept, until));
    is_kept.recv().unwrap();
    drop(node);
    assert_eq!(all(&room.node("a")).len(), 1);
    drop::<Sender<()>>(let_go);
}

#[test]
fn a_new_node_has_everything_before_it_is_asked() {
    let room = Room::new();
    let first = room.node("a");
    for _ in 0..100 {
        append(&first, "a-1", ExpectedVersion::Any).unwrap();
    }
    let late = room.node("late");
    assert_eq!(all(&late), all(&first));
    close(&first);
    close(&late);
    assert_eq!(room.segments("a"), room.segments("late"));
}

#[test]
fn a_reader_that_asks_for_the_latest_sees_what_the_other_node_was_told() {
    let room = Room::new();
    let (writer, reader) = (room.node("a"), room.node("b"));
    for number in 0..50 {
        append(&writer, "a-1", ExpectedVersion::Any).unwrap();
        let head = block_on(reader.catch_up(Freshness::Latest)).unwrap();
        assert!(head.is_some_and(|head| head.get() >= number), "{head:?}");
    }
    close(&writer);
    close(&reader);
}

#[test]
fn a_folder_is_of_one_store_and_one_process() {
    let room = Room::new();
    let node = room.node("a");
    assert_eq!(room.try_node("a").unwrap_err().kind(), ErrorKind::Unavailable);
    close(&node);
    let mut settings = room.settings("a");
    settings.store = "other".to_owned();
    let log = std::sync::Arc::new(room.log.clone());
    let error = block_on(annals_cluster::Cluster::start(log, settings)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_log_that_was_not_begun_says_how_to_begin_it() {
    let room = Room::new();
    room.log.roll_back(0);
    let error = room.try_node("a").unwrap_err();
    assert!(error.to_string().contains("annals cluster init"), "{error}");
}

#[test]
fn a_log_that_lost_what_was_applied_is_noticed_at_the_next_start() {
    let room = Room::new();
    let node = room.node("a");
    for _ in 0..5 {
        append(&node, "a-1", ExpectedVersion::Any).unwrap();
    }
    let applied = node.applied();
    close(&node);
    room.log.roll_back(applied - 2);
    let lost = room.try_node("a").unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::Corrupted);
    assert!(lost.to_string().contains("lost"), "{lost}");
    // Other nodes went on with something else in the place of what was lost.
    let other = room.node("b");
    for _ in 0..5 {
        append(&other, "b-1", ExpectedVersion::Any).unwrap();
    }
    close(&other);
    let another = room.try_node("a").unwrap_err();
    assert_eq!(another.kind(), ErrorKind::Corrupted);
    assert!(another.to_string().contains("not the one that this node applied"), "{another}");
}
