//! Clients that mean no good, or that have broken down: whatever comes over a real socket, the
//! server goes on for others, and forgets who is gone.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use annals_proto::kurrentdb::{
    Empty, StreamIdentifier, Uuid,
    streams::{
        AppendReq, BatchAppendReq, DeleteReq, append_req, delete_req,
        delete_req::options::ExpectedStreamRevision,
    },
    uuid::Value,
};
use annals_proto::kurrentdb_v2::{AppendRequest, streams_service_client::StreamsServiceClient};
use futures_lite::stream;
use tonic::{Code, Request, transport::Endpoint};

use super::{
    Server,
    client::{connect, event, options, subscribe},
};
use crate::harness::Annals;

/// Far more than an answer takes; who waits longer waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// What HTTP/2 begins with, and settings without any in them.
const BEGIN: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

fn served() -> (Annals, Server) {
    let annals = Annals::new();
    let server = Server::start(&annals, &["--at", "memory:"]);
    (annals, server)
}

impl Server {
    fn socket(&self) -> TcpStream {
        let socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// Somebody else is served, and nobody else is still there.
    fn goes_on(&self) {
        assert!(self.get("/health/ready").starts_with("HTTP/1.1 204"));
        self.wait_until("annals_grpc_requests_active 0");
        self.wait_until("annals_subscriptions 0");
        self.wait_until("annals_connections 1");
    }
}

/// Sends what it can, and gives what came back until the server closed the connection.
fn until_closed(mut socket: &TcpStream, bytes: &[u8]) -> Vec<u8> {
    // The server may have had enough before all of it is there.
    drop(socket.write_all(bytes));
    let mut answer = Vec::new();
    match socket.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}"),
    }
    answer
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, len @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers of a call, without compression.
fn headers(path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let call = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "a"),
        ("content-type", "application/grpc"),
    ];
    let mut block = Vec::new();
    for (name, value) in call.iter().chain(more) {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127, "a longer length has another form");
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

const APPEND: &str = "/event_store.client.streams.Streams/Append";

#[test]
fn bytes_that_are_no_http_end_their_connection_alone() {
    let (_annals, server) = served();
    for garbage in [
        &b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 hello from TLS, which is not spoken here"[..],
        b"\0\xff\xfe nothing that anybody understands \r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n and then something else\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n this is no frame, but as long as one or two",
    ] {
        until_closed(&server.socket(), garbage);
    }
    server.goes_on();
}

#[test]
fn headers_without_end_are_not_taken_in() {
    let (_annals, server) = served();
    let long = "x".repeat(100);
    let block = headers(APPEND, &[("a-header", &long)]);
    // As many as a client cares to send, and none of them the last.
    let mut flood = [BEGIN, &frame(HEADERS, 0, 1, &block)].concat();
    for _ in 0..20_000 {
        flood.extend(frame(CONTINUATION, 0, 1, &headers("/", &[("another", &long)])));
    }
    until_closed(&server.socket(), &flood);
    let mut lines = b"GET /ping HTTP/1.1\r\nHost: a\r\n".to_vec();
    for number in 0..50_000 {
        lines.extend(format!("x-{number}: {long}\r\n").into_bytes());
    }
    let answer = until_closed(&server.socket(), &lines);
    assert!(answer.starts_with(b"HTTP/1.1 431") || answer.is_empty());
    server.goes_on();
}

#[test]
fn a_length_over_the_limit_is_refused_before_any_of_it_comes() {
    let (_annals, server) = served();
    let mut socket = server.socket();
    let call = frame(HEADERS, END_HEADERS, 1, &headers(APPEND, &[]));
    let data = frame(DATA, 0, 1, &[0, 255, 255, 255, 255]);
    socket.write_all(&[BEGIN, &call, &data].concat()).unwrap();
    let line = format!(
        "annals_grpc_requests_total{{method=\"{}\",code=\"RESOURCE_EXHAUSTED\"}} 1",
        &APPEND[1..]
    );
    server.wait_until(&line);
    drop(socket);
    server.goes_on();
}

#[test]
fn who_sends_half_a_message_and_vanishes_leaves_nothing_behind() {
    let (_annals, server) = served();
    let call = frame(HEADERS, END_HEADERS, 1, &headers(APPEND, &[]));
    let half = frame(DATA, 0, 1, &[0, 0, 0, 4, 0, 10, 200]);
    for how in [Shutdown::Both, Shutdown::Write] {
        let mut socket = server.socket();
        socket.write_all(&[BEGIN, &call, &half].concat()).unwrap();
        server.wait_until("annals_grpc_requests_active 1");
        socket.shutdown(how).unwrap();
        server.wait_until("annals_grpc_requests_active 0");
    }
    let mut socket = server.socket();
    socket.write_all(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nhalf").unwrap();
    drop(socket);
    server.goes_on();
    assert!(server.get("/stats/es/append/events").ends_with("\r\n0"));
}

#[test]
fn who_says_nothing_is_not_waited_for() {
    let annals = Annals::new();
    let server = Server::start(&annals, &["--at", "memory:", "--head-within", "1"]);
    for said in [&b""[..], b"PRI * HTT", b"G", b"GET /ping HTTP/1.1\r\nHost: a\r\nX-Long"] {
        until_closed(&server.socket(), said);
    }
    server.goes_on();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_whose_answers_nobody_reads_hold_up_nobody_else() {
    let (_annals, server) = served();
    let mut writer = connect(&server.address).await;
    for stream in ["a-1", "a-2"] {
        let mut large = event();
        if let Some(append_req::Content::ProposedMessage(message)) = &mut large.content {
            message.data = vec![0; 8 * 1024 * 1024].into();
        }
        writer.append(stream::iter([options(stream), large])).await.unwrap();
    }
    let mut client = connect(&server.address).await;
    let mut unread = Vec::new();
    for _ in 0..200 {
        unread.push(client.read(subscribe()).await.unwrap());
    }
    let appended = writer.append(stream::iter([options("a-3"), event()])).await;
    assert!(appended.is_ok(), "{appended:?}");
    drop((unread, client, writer));
    server.goes_on();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlines_of_any_size_are_understood() {
    let (_annals, server) = served();
    let mut client = connect(&server.address).await;
    for (number, timeout) in
        ["0n", "0H", "99999999H", "9999999999999S", "-1S", "x"].iter().enumerate()
    {
        let stream = ["t-0", "t-1", "t-2", "t-3", "t-4", "t-5"][number];
        let mut request = Request::new(stream::iter([options(stream), event()]));
        request.metadata_mut().insert("grpc-timeout", timeout.parse().unwrap());
        let done = client.append(request).await;
        // A client that gives itself no time may be given up before it is answered.
        let code = done.map_or_else(|status| status.code(), |_| Code::Ok);
        assert!([Code::Ok, Code::Cancelled, Code::DeadlineExceeded].contains(&code), "{timeout}");
    }
    drop(client);
    server.goes_on();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_ids_and_revisions_that_are_none_are_the_clients_mistake() {
    let (_annals, server) = served();
    let mut client = connect(&server.address).await;
    let name = |bytes: &'static [u8]| Some(StreamIdentifier { stream_name: bytes.into() });
    let no_text = delete_req::Options {
        stream_identifier: name(b"\xff\xfe"),
        expected_stream_revision: Some(ExpectedStreamRevision::Any(Empty {})),
    };
    let refused = client.delete(DeleteReq { options: Some(no_text) }).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");

    let id = Some(Uuid { value: Some(Value::String("no-id".to_owned())) });
    let mut unnamed = event();
    if let Some(append_req::Content::ProposedMessage(message)) = &mut unnamed.content {
        message.id.clone_from(&id);
    }
    let requests: [AppendReq; 2] = [options("a-1"), unnamed];
    let refused = client.append(stream::iter(requests)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let batch = BatchAppendReq { correlation_id: id, ..BatchAppendReq::default() };
    let mut answers = client.batch_append(stream::iter([batch])).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap_err().code(), Code::InvalidArgument);

    let too_high = delete_req::Options {
        stream_identifier: name(b"a-1"),
        expected_stream_revision: Some(ExpectedStreamRevision::Revision(u64::MAX)),
    };
    let refused = client.delete(DeleteReq { options: Some(too_high) }).await.unwrap_err();
    let expected = [Code::InvalidArgument, Code::FailedPrecondition];
    assert!(expected.contains(&refused.code()), "{refused}");

    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
    let mut second = StreamsServiceClient::new(endpoint.connect().await.unwrap());
    for expected_revision in [i64::MIN, -3, -7] {
        let request = AppendRequest {
            stream: Some("a-1".to_owned()),
            expected_revision: Some(expected_revision),
            ..AppendRequest::default()
        };
        let refused = second.append_session(stream::iter([request])).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    }
    // An answer holds its connection, also when it has ended.
    drop((client, second, answers));
    server.goes_on();
}
