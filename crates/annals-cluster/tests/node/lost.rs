//! Answers and messages that are lost.

use annals_cluster::log::{MemoryLog, Publishing};
use annals_core::{
    Append, Backend, ErrorKind, ExpectedVersion, Freshness, StateExpected, StateKey, StatePut,
};
use futures_lite::future::{block_on, zip};

use crate::room::{Room, all, append, close, event, stream};

#[test]
fn a_lost_answer_or_message_doubles_and_loses_nothing() {
    use Publishing::{AnswerLost, Lost, Twice};
    let room = Room::new();
    let node = room.node("a");
    for plan in [vec![AnswerLost], vec![Lost], vec![Twice], vec![AnswerLost, Twice, Lost, Lost]] {
        room.log.plan(plan.clone());
        let done = append(&node, "a-1", ExpectedVersion::Any).unwrap();
        assert!(!done.duplicate, "{plan:?}");
    }
    assert_eq!(all(&node).len(), 4);
    close(&node);
}

#[test]
fn state_that_is_put_by_a_repeated_proposal_is_put_once() {
    let room = Room::new();
    let node = room.node("a");
    let key = StateKey::checkpoint(annals_core::Name::new("reader").unwrap());
    let put = |value: u64| StatePut {
        key: key.clone(),
        expected: StateExpected::Any,
        value: Some(value.to_be_bytes().to_vec().into()),
    };
    room.log.plan([Publishing::Twice]);
    let first = block_on(node.put_state(put(1))).unwrap();
    let second = block_on(node.put_state(put(2))).unwrap();
    assert_eq!(second, first + 1);
    close(&node);
}

#[test]
fn what_the_log_refuses_is_refused_and_the_next_is_taken() {
    let room = Room::new();
    let node = room.node("a");
    room.log.plan([Publishing::Refused]);
    let refused = append(&node, "a-1", ExpectedVersion::Any).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    append(&node, "a-1", ExpectedVersion::NoStream).unwrap();
    close(&node);
}

#[test]
fn an_append_larger_than_a_message_goes_in_parts_that_may_be_lost() {
    use Publishing::{AnswerLost, Lost, Twice};
    let room = Room::on(MemoryLog::with_message_bytes_max(2_000));
    let (node, other) = (room.node("a"), room.node("b"));
    let large = || {
        let events = (0..3).map(|_| {
            let mut event = event();
            event.data = vec![7; 5_000].into();
            event
        });
        Append::to(stream("a-1"), ExpectedVersion::Any, events)
    };
    room.log.plan([Lost, AnswerLost, Twice, Lost]);
    let (first, second) = block_on(zip(node.append(large()), other.append(large())));
    let positions = [first.unwrap().position.unwrap(), second.unwrap().position.unwrap()];
    for node in [&node, &other] {
        for position in positions {
            block_on(node.catch_up(Freshness::Position(position))).unwrap();
        }
        assert_eq!(all(node).len(), 6);
    }
    close(&node);
    close(&other);
}

#[test]
fn a_log_that_takes_nothing_gives_a_timeout_that_says_what_is_not_known() {
    let room = Room::new();
    let mut settings = room.settings("a");
    settings.timeout = std::time::Duration::from_millis(50);
    let log = std::sync::Arc::new(room.log.clone());
    let node = block_on(annals_cluster::Cluster::start(log, settings)).unwrap();
    room.log.plan(vec![Publishing::Lost; 10_000]);
    let late = append(&node, "a-1", ExpectedVersion::Any).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    close(&node);
}
