//! Streams that nobody writes: by category, type and correlation, of all streams, and indexes.

use std::sync::Arc;

use annals_core::{Append, Backend, DeleteMode, DeleteStream, ExpectedVersion, StreamMetadata};
use annals_proto::kurrentdb::{
    Empty, StreamIdentifier,
    streams::{
        AppendReq, DeleteReq, append_req, append_req::options::ExpectedStreamRevision, delete_req,
        read_resp::Content, streams_client::StreamsClient,
    },
};
use futures_lite::stream;
use tonic::{Code, Streaming};

use crate::{
    reading::{Asked, Reader, data, next, told},
    running::{Running, event, name},
};

/// Three accounts and another stream, in turns.
async fn with_accounts() -> Running {
    let server = Running::start().await;
    server.append("account-1", &["opened", "moved"]).await;
    server.append("other", &["opened"]).await;
    server.append("account-2", &["opened"]).await;
    server.append("account-1", &["moved"]).await;
    server
}

fn links(places: &[(u64, &str)]) -> Vec<(u64, String)> {
    places.iter().map(|(ordinal, data)| (*ordinal, (*data).to_owned())).collect()
}

#[tokio::test]
async fn a_category_lists_its_events_as_links_that_are_the_same_on_every_read() {
    let server = with_accounts().await;
    let mut reader = Reader::new(&server).await;
    let events = reader.events(Asked::stream("$ce-account")).await;
    let all = [(0, "0@account-1"), (1, "1@account-1"), (2, "0@account-2"), (3, "2@account-1")];
    assert_eq!(told(&events), links(&all));
    assert_eq!(events, reader.events(Asked::stream("$ce-account")).await);
    let first = events[0].event.as_ref().unwrap();
    assert_eq!(first.metadata["type"], "$>");
    assert_eq!(first.stream_identifier.as_ref().unwrap().stream_name, "$ce-account");
    let positions: Vec<_> =
        events.iter().map(|event| event.event.as_ref().unwrap().commit_position).collect();
    assert_eq!(positions, [1, 2, 4, 5]);
    let contents = reader.contents(Asked::stream("$ce-account")).await.unwrap();
    assert_eq!(contents.last(), Some(&Content::LastStreamPosition(3)));
}

#[tokio::test]
async fn types_correlations_and_streams_are_listed_too() {
    let server = with_accounts().await;
    let correlated = event("closed", r#"{"$correlationId":"c-1"}"#);
    let append = Append::to(name("account-2"), ExpectedVersion::Any, [correlated]);
    server.store.append(append).await.unwrap();
    let mut reader = Reader::new(&server).await;
    let rows: [(&str, &[(u64, &str)]); 4] = [
        ("$et-opened", &[(0, "0@account-1"), (1, "0@other"), (2, "0@account-2")]),
        ("$bc-c-1", &[(0, "1@account-2")]),
        ("$streams", &[(0, "0@account-1"), (1, "0@other"), (2, "0@account-2")]),
        ("$category-account", &[(0, "account-1"), (1, "account-2")]),
    ];
    for (stream, expected) in rows {
        let events = reader.events(Asked::stream(stream)).await;
        assert_eq!(told(&events), links(expected), "{stream}");
        let backwards = reader.events(Asked::stream(stream).at_end().backwards()).await;
        let reversed: Vec<_> = expected.iter().rev().copied().collect();
        assert_eq!(told(&backwards), links(&reversed), "{stream}, backwards");
    }
}

#[tokio::test]
async fn a_read_begins_at_any_place_and_goes_both_ways() {
    const NONE: [u64; 0] = [];
    let server = Running::start().await;
    for _ in 0..300 {
        server.append("account-1", &["a", "b"]).await;
        server.append("other", &["b"]).await;
    }
    let mut reader = Reader::new(&server).await;
    let mut read = async |asked: Asked| {
        let events = reader.events(asked).await;
        told(&events).into_iter().map(|(place, _)| place).collect::<Vec<_>>()
    };
    let asked = || Asked::stream("$ce-account");
    for _ in 0..2 {
        assert_eq!(read(asked().from(597)).await, [597, 598, 599]);
        assert_eq!(read(asked().from(300).at_most(2)).await, [300, 301]);
        assert_eq!(read(asked().from(1).backwards()).await, [1, 0]);
        assert_eq!(read(asked().from(513).backwards().at_most(2)).await, [513, 512]);
        assert_eq!(read(asked().at_end().backwards().at_most(2)).await, [599, 598]);
        assert_eq!(read(asked().from(9_999).backwards().at_most(1)).await, [599]);
        assert_eq!(read(asked().from(600)).await, NONE);
        assert_eq!(read(asked().backwards()).await, [0]);
        assert_eq!(read(asked().at_end()).await, NONE);
    }
    server.append("account-2", &["a"]).await;
    assert_eq!(read(asked().at_end().backwards().at_most(1)).await, [600]);
}

#[tokio::test]
async fn links_are_followed_to_what_can_still_be_read() {
    let server = with_accounts().await;
    let settings = StreamMetadata { max_count: Some(1), ..StreamMetadata::default() };
    let set = server.store.set_stream_metadata(&name("account-1"), ExpectedVersion::Any, &settings);
    set.await.unwrap();
    let delete = DeleteStream {
        stream: name("account-2"),
        expected: ExpectedVersion::Any,
        mode: DeleteMode::Soft,
    };
    server.store.delete_stream(delete).await.unwrap();
    let mut reader = Reader::new(&server).await;
    let events = reader.events(Asked::stream("$ce-account").resolved()).await;
    let found: Vec<_> = events
        .iter()
        .map(|event| {
            let target = event.event.as_ref().map(|event| event.stream_revision);
            (event.link.as_ref().unwrap().stream_revision, target)
        })
        .collect();
    assert_eq!(found, [(0, None), (1, None), (2, None), (3, Some(2))]);
    // Streams are listed whatever became of them.
    let events = reader.events(Asked::stream("$category-account")).await;
    assert_eq!(told(&events), links(&[(0, "account-1"), (1, "account-2")]));
}

#[tokio::test]
async fn an_empty_list_is_no_stream() {
    let server = with_accounts().await;
    let mut reader = Reader::new(&server).await;
    for stream in ["$ce-nothing", "$et-nothing", "$bc-nothing", "$category-nothing", "$ce-a-b"] {
        for asked in [Asked::stream(stream), Asked::stream(stream).at_end().backwards()] {
            let contents = reader.contents(asked).await.unwrap();
            assert!(matches!(contents[..], [Content::StreamNotFound(_)]), "{stream}: {contents:?}");
        }
    }
}

#[tokio::test]
async fn nobody_writes_or_deletes_them() {
    let server = with_accounts().await;
    let mut client = StreamsClient::with_origin(server.connect().await, server.origin());
    for stream in ["$ce-account", "$et-opened", "$bc-c", "$streams", "$category-account"] {
        let stream_identifier = Some(StreamIdentifier { stream_name: stream.to_owned().into() });
        let options = append_req::Options {
            stream_identifier: stream_identifier.clone(),
            expected_stream_revision: Some(ExpectedStreamRevision::Any(Empty {})),
        };
        let request = AppendReq { content: Some(append_req::Content::Options(options)) };
        let refused = client.append(stream::once(request)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{stream}");
        let any = delete_req::options::ExpectedStreamRevision::Any(Empty {});
        let options =
            delete_req::Options { stream_identifier, expected_stream_revision: Some(any) };
        let refused = client.delete(DeleteReq { options: Some(options) }).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{stream}");
    }
}

/// The revisions and data of events up to the mark that all was given, and what the mark says.
async fn until_caught_up(
    answers: &mut Streaming<annals_proto::kurrentdb::streams::ReadResp>,
) -> (Vec<(u64, String)>, Option<i64>) {
    assert!(matches!(next(answers).await, Content::Confirmation(_)));
    let mut events = Vec::new();
    loop {
        match next(answers).await {
            Content::Event(event) => events.push(event),
            Content::CaughtUp(mark) => return (told(&events), mark.stream_revision),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_subscription_begins_after_any_place_and_goes_on() {
    let server = with_accounts().await;
    let mut reader = Reader::new(&server).await;
    let asked = |stream| Asked::stream(stream).for_ever();
    type Row<'a> = (Asked, &'a [(u64, &'a str)], Option<i64>, (u64, &'a str));
    let rows: [Row<'_>; 7] = [
        (
            asked("$ce-account").from(1),
            &[(2, "0@account-2"), (3, "2@account-1")],
            Some(3),
            (4, "0@account-3"),
        ),
        (asked("$ce-account").at_end(), &[], Some(3), (4, "0@account-3")),
        (asked("$ce-account").from(3), &[], Some(3), (4, "0@account-3")),
        (asked("$et-closed"), &[], None, (0, "0@account-3")),
        (
            asked("$streams"),
            &[(0, "0@account-1"), (1, "0@other"), (2, "0@account-2")],
            Some(2),
            (3, "0@account-3"),
        ),
        (asked("$category-account").from(0), &[(1, "account-2")], Some(1), (2, "account-3")),
        (asked("$category-account").at_end(), &[], Some(1), (2, "account-3")),
    ];
    let mut live = Vec::new();
    for (asked, there, revision, comes) in rows {
        let mut answers = reader.open(asked).await.unwrap();
        assert_eq!(until_caught_up(&mut answers).await, (links(there), revision));
        live.push((answers, comes));
    }
    server.append("account-3", &["closed", "closed"]).await;
    for (mut answers, (place, comes)) in live {
        let Content::Event(event) = next(&mut answers).await else { panic!("{comes}") };
        let event = event.event.unwrap();
        assert_eq!((event.stream_revision, data(&event).as_str()), (place, comes));
    }
}

#[tokio::test]
async fn a_subscription_waits_for_a_place_that_is_not_there_yet() {
    let server = with_accounts().await;
    let mut reader = Reader::new(&server).await;
    let mut answers =
        reader.open(Asked::stream("$ce-account").from(4).for_ever().resolved()).await.unwrap();
    assert_eq!(until_caught_up(&mut answers).await, (vec![], Some(3)));
    server.append("account-3", &["x", "y"]).await;
    let Content::Event(event) = next(&mut answers).await else { panic!("no event") };
    assert_eq!(event.link.unwrap().stream_revision, 5);
    assert_eq!(event.event.unwrap().metadata["type"], "y");
}

#[tokio::test]
async fn an_index_is_read_as_all_with_its_name_for_a_prefix() {
    let server = with_accounts().await;
    server.append("$system", &["opened"]).await;
    let mut reader = Reader::new(&server).await;
    for (index, positions) in [
        ("$idx-all", vec![1, 2, 3, 4, 5]),
        ("$idx-ce-account", vec![1, 2, 4, 5]),
        ("$idx-et-opened", vec![1, 3, 4]),
    ] {
        let events = reader.events(Asked::prefixed(&[index])).await;
        let found: Vec<_> =
            events.iter().map(|event| event.event.as_ref().unwrap().commit_position).collect();
        assert_eq!(found, positions, "{index}");
    }
    for index in ["$idx-user-x", "$idx-ce-nobody", "$idx-et-nothing"] {
        let absent = reader.contents(Asked::prefixed(&[index])).await.unwrap_err();
        assert_eq!(absent.code(), Code::NotFound);
        assert_eq!(absent.metadata().get("exception").unwrap(), "index-not-found");
        assert_eq!(absent.metadata().get("index-name").unwrap(), index);
        let followed = reader.open(Asked::prefixed(&[index]).for_ever()).await;
        assert_eq!(followed.map(drop).unwrap_err().code(), Code::NotFound);
    }
    let two = reader.contents(Asked::prefixed(&["$idx-all", "a"])).await.unwrap_err();
    assert_eq!(two.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_miss_nothing_that_is_written_while_they_begin() {
    const STREAMS: u64 = 500;
    let server = Arc::new(Running::start().await);
    let writer = tokio::spawn({
        let server = Arc::clone(&server);
        async move {
            for number in 0..STREAMS {
                server.append(&format!("account-{number}"), &["opened"]).await;
                tokio::task::yield_now().await;
            }
        }
    });
    let expected: Vec<_> =
        (0..STREAMS).map(|number| (number, format!("0@account-{number}"))).collect();
    let mut open = Vec::new();
    while !writer.is_finished() && open.len() < 30 {
        for stream in ["$streams", "$ce-account", "$et-opened"] {
            // Each has a connection of its own, so that none waits for another one's reader.
            let mut reader = Reader::new(&server).await;
            open.push((stream, reader.open(Asked::stream(stream).for_ever()).await.unwrap()));
        }
    }
    writer.await.unwrap();
    for (stream, answers) in &mut open {
        let mut events = Vec::new();
        while events.len() < expected.len() {
            if let Content::Event(event) = next(answers).await {
                events.push(event);
            }
        }
        assert_eq!(told(&events), expected, "`{stream}`");
    }
}
