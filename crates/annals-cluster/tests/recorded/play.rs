//! Two nodes and a log that loses and doubles, with every kind of command, accepted and refused.

use annals_cluster::{
    Cluster, Genesis, begin,
    log::{MemoryLog, Publishing},
};
use annals_core::{
    Append, Backend, DeleteMode, DeleteStream, ErrorKind, EventId, EventType, ExpectedVersion,
    Name, NewEvent, Position, Query, QueryItem, StateExpected, StateKey, StatePut, StreamName, Tag,
    Tags, Version,
};
use futures_lite::future::block_on;
use uuid::Uuid;

use crate::{
    open,
    tape::{Given, Tape},
};

/// Messages that are this small make parts of larger proposals.
const MESSAGE_BYTES_MAX: usize = 2_048;
/// Small segments, so that some are full.
const SEGMENT_BYTES: [u32; 2] = [8 * 1024, 16 * 1024];
const ROUNDS: u64 = 20;

/// Writes a log by two nodes. Gives it, and what the nodes have then.
pub(crate) fn play() -> (Tape, Vec<Given>) {
    let log = MemoryLog::with_message_bytes_max(MESSAGE_BYTES_MAX);
    let [segment_bytes_first, segment_bytes_max] = SEGMENT_BYTES;
    let genesis = Genesis { segment_bytes_first, segment_bytes_max, ..Genesis::new() };
    block_on(begin(&log, &genesis)).unwrap();
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let nodes = [0, 1].map(|node| open(&log, dirs[node].path()).unwrap());
    for round in 0..ROUNDS {
        log.plan([
            Publishing::Answered,
            Publishing::Twice,
            Publishing::AnswerLost,
            Publishing::Lost,
        ]);
        let [one, other] = [0, 1].map(|node| &nodes[(node + round as usize) % 2]);
        appends(round, one, other);
        refusals(round, other);
        deletions(round, one);
        state(round, other);
    }
    for node in &nodes {
        block_on(node.catch_up(annals_core::Freshness::Latest)).unwrap();
        block_on(node.close()).unwrap();
    }
    let given = nodes.iter().zip(&dirs).map(|(node, dir)| Given::of(node, dir.path()));
    (Tape(log.messages()), given.collect())
}

fn appends(round: u64, one: &Cluster, other: &Cluster) {
    let (account, common, any) =
        (stream("account", round), stream("common", 0), ExpectedVersion::Any);
    let opened = Append::to(account.clone(), ExpectedVersion::NoStream, [event(round, 0, 50)]);
    let stored = block_on(one.append(opened.clone())).unwrap();
    let again = block_on(other.append(opened)).unwrap();
    assert!(again.duplicate && again.position == stored.position, "a retry stores nothing twice");
    let exact = ExpectedVersion::Exact(Version::FIRST);
    let both = Append::to(account, exact, [event(round, 1, 10), event(round, 2, 700)]).and(
        common.clone(),
        any,
        [event(round, 3, 0)],
    );
    block_on(other.append(both)).unwrap();
    let large = Append::to(common.clone(), any, [event(round, 4, 3_000)]);
    block_on(one.append(large)).unwrap();
    let name = Name::new("reader").unwrap();
    let checkpoint =
        Append::to(common, any, [event(round, 5, 20)]).checkpoint(name, stored.position.unwrap());
    block_on(other.append(checkpoint)).unwrap();
}

fn refusals(round: u64, node: &Cluster) {
    let seat = Tag::new(format!("seat:{}", round / 2)).unwrap();
    let query = Query::any_of([QueryItem::tags([seat.clone()])]).unwrap();
    let event = event(round, 6, 5).with_tags(Tags::new([seat]).unwrap());
    let taken = Append::to(stream("seats", 0), ExpectedVersion::Any, [event]).unless(query, None);
    let result = block_on(node.append(taken)).map_err(|error| error.kind());
    match round % 2 {
        0 => assert!(result.is_ok(), "{result:?}"),
        _ => assert_eq!(result.unwrap_err(), ErrorKind::ConditionFailed),
    }
    let late =
        Append::to(stream("account", round), ExpectedVersion::NoStream, [self::event(round, 7, 5)]);
    let error = block_on(node.append(late)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongExpectedVersion);
}

fn deletions(round: u64, node: &Cluster) {
    let delete = |stream: StreamName, mode| {
        let delete = DeleteStream { stream, expected: ExpectedVersion::Any, mode };
        block_on(node.delete_stream(delete)).unwrap();
    };
    match round % 5 {
        2 => delete(stream("account", round), DeleteMode::Tombstone),
        3 => {
            delete(stream("account", round), DeleteMode::Soft);
            let revived =
                Append::to(stream("account", round), ExpectedVersion::Any, [event(round, 8, 5)]);
            block_on(node.append(revived)).unwrap();
        }
        _ => {}
    }
}

fn state(round: u64, node: &Cluster) {
    let key = StateKey::checkpoint(Name::new(format!("projection-{}", round % 3)).unwrap());
    let value = (round % 7 != 6).then(|| StatePut::checkpoint_value(Position::new(round)));
    let put = StatePut { key, expected: StateExpected::Any, value };
    block_on(node.put_state(put)).unwrap();
}

fn stream(category: &str, number: u64) -> StreamName {
    StreamName::new(format!("{category}-{number}")).unwrap()
}

fn event(round: u64, number: u64, filling: usize) -> NewEvent {
    let facts = format!(r#"{{"round":{round},"filling":"{}"}}"#, "x".repeat(filling));
    let id = Uuid::from_u64_pair(round + 1, number + 1);
    let event_type = EventType::new(format!("type-{number}")).unwrap();
    NewEvent::new(event_type, facts).with_id(EventId::new(id).unwrap())
}
