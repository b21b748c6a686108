//! A node whose store is damaged, or whose log has become another one, says what to do, and comes
//! back right when that is done.

use std::fs::{self, OpenOptions};

use annals_cluster::store_dir;
use annals_core::{Backend, ErrorKind};
use futures_lite::future::block_on;

use crate::{
    open, play,
    tape::{Given, Tape},
};

#[test]
fn a_node_whose_segment_is_cut_short_is_made_again_from_the_log() {
    let (tape, live) = play::play();
    let (log, dir) = (tape.log(), tempfile::tempdir().unwrap());
    let folder = dir.path().join("node");
    block_on(open(&log, &folder).unwrap().close()).unwrap();
    let first = store_dir(&folder).join("log/0000000000.seg");
    let len = fs::metadata(&first).unwrap().len();
    OpenOptions::new().write(true).open(first).unwrap().set_len(len - 1).unwrap();
    let error = open(&log, &folder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    let message = error.message();
    assert!(message.contains("0000000000.seg"), "{message}");
    assert!(message.contains("move the node's folder away"), "{message}");
    fs::rename(&folder, dir.path().join("away")).unwrap();
    let node = open(&log, &folder).unwrap();
    block_on(node.close()).unwrap();
    assert_eq!(Given::of(&node, &folder), live[0]);
}

#[test]
fn a_node_knows_another_log_also_by_a_repeat_in_the_place_of_its_newest_entry() {
    let (tape, live) = play::play();
    let dir = tempfile::tempdir().unwrap();
    block_on(open(&tape.log(), dir.path()).unwrap().close()).unwrap();
    let mut messages = tape.0;
    let newest = usize::try_from(live[0].entry).unwrap();
    let (time, _) = messages[newest - 1];
    let repeated = messages[1].1.clone();
    messages.truncate(newest - 1);
    messages.extend(std::iter::repeat_n((time, repeated), 10));
    let error = open(&Tape(messages).log(), dir.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    let message = error.message();
    assert!(message.starts_with(&format!("entry {newest} of the log is not the one")), "{message}");
}
