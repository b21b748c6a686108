//! Nodes whose stores differ, and messages that no node wrote.

use annals_cluster::log::OrderedLog;
use annals_core::{Backend, ErrorKind, ExpectedVersion, Freshness, Position};
use futures_lite::future::block_on;

use crate::room::{Room, all, append, close};

#[test]
fn a_message_that_no_node_wrote_stops_them() {
    let room = Room::new();
    let node = room.node("a");
    append(&node, "a-1", ExpectedVersion::Any).unwrap();
    block_on(room.log.publish("hello".into())).unwrap();
    let stopped = append(&node, "a-1", ExpectedVersion::Any).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Poisoned);
    assert!(stopped.to_string().contains("was not written by a node"), "{stopped}");
    // What it has can still be read.
    assert_eq!(all(&node).len(), 1);
    close(&node);
}

#[test]
fn nodes_whose_stores_differ_stop_and_say_so() {
    let (room, elsewhere) = (Room::new(), Room::new());
    let (first, second) = (room.node("a"), room.node("b"));
    append(&first, "a-1", ExpectedVersion::Any).unwrap();
    block_on(second.catch_up(Freshness::Latest)).unwrap();
    close(&second);
    // Another log that is as long, under the same name: a store that went astray.
    let astray = elsewhere.node("b");
    append(&astray, "b-1", ExpectedVersion::Any).unwrap();
    close(&astray);
    let [from, to] = [&elsewhere, &room].map(|room| {
        annals_cluster::store_dir(&room.settings("b").dir)
    });
    std::fs::remove_dir_all(&to).unwrap();
    std::fs::rename(from, to).unwrap();
    let error = room.try_node("b").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    close(&first);
}

#[test]
fn nodes_see_each_other() {
    let room = Room::new();
    let (first, second) = (room.node("a"), room.node("b"));
    first.advertise("127.0.0.1:2113");
    append(&first, "a-1", ExpectedVersion::Any).unwrap();
    let is_seen = || {
        let nodes = second.nodes();
        let of = |name: &str| nodes.iter().find(|node| node.name.as_str() == name).cloned();
        of("a").is_some_and(|node| {
            node.is_alive
                && !node.is_this
                && node.address.as_deref() == Some("127.0.0.1:2113")
                && node.head == Some(Position::FIRST)
        }) && of("b").is_some_and(|node| node.is_this && node.is_alive)
    };
    annals_testbed::wait_until("the nodes see each other", is_seen).unwrap();
    close(&first);
    let is_gone = || second.nodes().len() == 1;
    annals_testbed::wait_until("a node that left is gone", is_gone).unwrap();
    close(&second);
}
