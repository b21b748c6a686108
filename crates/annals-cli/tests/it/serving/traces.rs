//! Traces: what is sent to a collector, and that nothing depends on it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    time::{Duration, Instant},
};

use annals_proto::kurrentdb::{
    Empty, StreamIdentifier,
    projections::{CreateReq, projections_client::ProjectionsClient},
    streams::{
        AppendReq, ReadReq,
        append_req::Content,
        read_req::{
            self,
            options::{
                CountOption, FilterOption, StreamOption, StreamOptions, UuidOption, stream_options,
                uuid_option,
            },
        },
    },
};
use futures_lite::stream;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{span::SpanKind, status::StatusCode},
};
use prost::Message;
use tonic::{Code, Request, metadata::MetadataMap, transport::Endpoint};

use super::{
    Server,
    client::{connect, event, options},
    collector::{Collector, Received, spans},
};
use crate::harness::Annals;

const TRACE: [u8; 16] = *b"\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36";
const CALLER: [u8; 8] = *b"\x00\xf0\x67\xaa\x0b\xa9\x02\xb7";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A server in memory that sends traces to an endpoint by a protocol.
fn tracing(annals: &Annals, endpoint: &str, protocol: &str, more: &[(&str, &str)]) -> Server {
    let mut command = annals.command();
    command.args(["serve", "--insecure", "--listen=127.0.0.1:0", "--at=memory:"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    command.env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol).envs(more.iter().copied());
    Server::of(&mut command)
}

fn to_account(data: &'static str) -> impl futures_lite::Stream<Item = AppendReq> + Send + 'static {
    let mut event = event();
    if let Some(Content::ProposedMessage(message)) = &mut event.content {
        message.data = data.into();
    }
    stream::iter([options("account-1"), event])
}

fn from_account() -> ReadReq {
    let stream = StreamOptions {
        stream_identifier: Some(StreamIdentifier { stream_name: "account-1".into() }),
        revision_option: Some(stream_options::RevisionOption::Start(Empty {})),
    };
    ReadReq {
        options: Some(read_req::Options {
            stream_option: Some(StreamOption::Stream(stream)),
            filter_option: Some(FilterOption::NoFilter(Empty {})),
            uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(Empty {})) }),
            count_option: Some(CountOption::Count(10)),
            ..read_req::Options::default()
        }),
    }
}

/// The one span with a name.
#[track_caller]
fn named<'a>(all: &'a [Received], name: &str) -> &'a Received {
    let mut found = all.iter().filter(|received| received.span.name == name);
    let names = || all.iter().map(|received| &received.span.name).collect::<Vec<_>>();
    let first = found.next().unwrap_or_else(|| panic!("{name}: {:?}", names()));
    assert!(found.next().is_none(), "{name}: {:?}", names());
    first
}

impl Received {
    #[track_caller]
    fn says(&self, expected: &[(&str, &str)]) {
        for (key, value) in expected {
            let found = self.attributes.get(*key).map(String::as_str);
            assert_eq!(found, Some(*value), "{key}: {self:?}");
        }
    }

    fn status(&self) -> StatusCode {
        self.span.status.as_ref().map_or(StatusCode::Unset, |status| status.code())
    }
}

/// Appends as part of a caller's trace, reads, and asks for what is not there.
async fn call(server: &Server) {
    let mut client = connect(&server.address).await;
    let mut append = Request::new(to_account("\"geheim\""));
    append.metadata_mut().insert("traceparent", TRACEPARENT.parse().unwrap());
    append.metadata_mut().insert("authorization", "Basic Z2VoZWlt".parse().unwrap());
    client.append(append).await.unwrap();
    let mut events = client.read(from_account()).await.unwrap().into_inner();
    while events.message().await.unwrap().is_some() {}
    let wrong = client.delete(annals_proto::kurrentdb::streams::DeleteReq::default()).await;
    assert_eq!(wrong.unwrap_err().code(), Code::InvalidArgument);

    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).unwrap();
    let mut projections = ProjectionsClient::new(endpoint.connect().await.unwrap());
    let absent = projections.create(CreateReq::default()).await.unwrap_err();
    assert_eq!(absent.code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_part_of_its_callers_trace_and_what_it_asks_of_the_store_is_part_of_it() {
    let (annals, collector) = (Annals::new(), Collector::start());
    let more = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=blue"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
    ];
    let mut server = tracing(&annals, &collector.endpoint, "grpc", &more);
    let (host, port) = server.address.split_once(':').unwrap();
    let (host, port) = (host.to_owned(), port.to_owned());
    call(&server).await;
    assert!(server.get("/health/ready").starts_with("HTTP/1.1 204"));
    server.signal("TERM");
    assert_eq!(server.ended().code(), Some(0));
    let all = collector.all().await;

    let append = named(&all, "event_store.client.streams.Streams/Append");
    assert_eq!(append.span.trace_id, TRACE);
    assert_eq!(append.span.parent_span_id, CALLER);
    assert_eq!((append.span.kind(), append.status()), (SpanKind::Server, StatusCode::Unset));
    append.says(&[
        ("rpc.system", "grpc"),
        ("rpc.service", "event_store.client.streams.Streams"),
        ("rpc.method", "Append"),
        ("rpc.grpc.status_code", "0"),
        ("server.address", &host),
        ("server.port", &port),
        ("network.peer.address", "127.0.0.1"),
    ]);
    assert_eq!(append.headers.get("x-tenant").unwrap(), "blue");
    assert_eq!(append.resource["service.name"], "shop");
    assert_eq!(append.resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(append.resource["deployment.environment.name"], "test");

    let stored = named(&all, "append account");
    assert_eq!(stored.span.trace_id, TRACE);
    assert_eq!(stored.span.parent_span_id, append.span.span_id);
    stored.says(&[
        ("db.system.name", "annals"),
        ("db.operation.name", "append"),
        ("db.collection.name", "account"),
        ("db.operation.batch.size", "1"),
        ("annals.stream", "account-1"),
        ("annals.position", "0"),
    ]);

    let read = named(&all, "event_store.client.streams.Streams/Read");
    assert!(read.span.parent_span_id.is_empty(), "{read:?}");
    let stored = named(&all, "read account");
    assert_eq!(stored.span.parent_span_id, read.span.span_id);
    stored.says(&[("annals.stream", "account-1"), ("db.response.returned_rows", "1")]);

    // What a caller got wrong is no error of the server.
    let delete = named(&all, "event_store.client.streams.Streams/Delete");
    delete.says(&[("rpc.grpc.status_code", "3"), ("error.type", "INVALID_ARGUMENT")]);
    assert_eq!(delete.status(), StatusCode::Unset);
    let absent = named(&all, "event_store.client.projections.Projections/Create");
    absent.says(&[("rpc.grpc.status_code", "12"), ("error.type", "UNIMPLEMENTED")]);
    assert_eq!(absent.status(), StatusCode::Error);

    let ready = named(&all, "GET /health/ready");
    ready.says(&[("http.request.method", "GET"), ("http.response.status_code", "204")]);
    let everything = format!("{all:?}");
    assert!(!everything.contains("geheim") && !everything.contains("Z2VoZWlt"), "{everything}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_sampler_leaves_out_is_not_sent_unless_the_caller_wants_it() {
    let (annals, collector) = (Annals::new(), Collector::start());
    let sampler =
        [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")];
    let mut server = tracing(&annals, &collector.endpoint, "grpc", &sampler);
    call(&server).await;
    server.signal("TERM");
    assert_eq!(server.ended().code(), Some(0));
    let all = collector.all().await;
    let mut names: Vec<_> = all.iter().map(|received| received.span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["append account", "event_store.client.streams.Streams/Append"]);
    assert_eq!(all[0].resource["service.name"], "annals");
}

/// Takes one request of HTTP, and gives its path and body.
fn receive(listener: &TcpListener) -> (String, Vec<u8>) {
    let (socket, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(&socket);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let path = line.split(' ').nth(1).unwrap().to_owned();
    let mut length = 0;
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (&socket)
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        .unwrap();
    (path, body)
}

#[test]
fn traces_go_over_http_where_nothing_else_is_said() {
    let annals = Annals::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let mut server = tracing(&annals, &endpoint, "", &[]);
    assert!(server.get("/ping?key=geheim").starts_with("HTTP/1.1 200"));
    server.signal("TERM");
    let (path, body) = receive(&listener);
    assert_eq!(path, "/v1/traces");
    let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    let of = request.resource_spans.into_iter();
    let all: Vec<_> = of.flat_map(|of| spans(&MetadataMap::new(), of)).collect();
    named(&all, "GET /ping").says(&[("url.path", "/ping"), ("http.response.status_code", "200")]);
    assert!(!format!("{all:?}").contains("geheim"), "{all:?}");
    assert_eq!(server.ended().code(), Some(0));
}

/// How long the end may take: the last spans are given 3 seconds, and the machine is shared.
const ENDS_WITHIN: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_gone_or_silent_changes_nothing_and_is_told_of_once() {
    // The system accepts connections, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, protocol) in [
        (silent.local_addr().unwrap(), "grpc"),
        (silent.local_addr().unwrap(), "http/protobuf"),
        (gone, "grpc"),
        (gone, "http/protobuf"),
    ] {
        let annals = Annals::new();
        let soon = [("OTEL_BSP_SCHEDULE_DELAY", "1")];
        let mut server = tracing(&annals, &format!("http://{address}"), protocol, &soon);
        call(&server).await;
        server.signal("TERM");
        let begun = Instant::now();
        assert_eq!(server.ended().code(), Some(0));
        assert!(begun.elapsed() < ENDS_WITHIN, "{protocol} {address}: {:?}", begun.elapsed());
        let log = server.rest();
        let told = log.matches("traces cannot be sent").count();
        let lost = log.matches("spans were not sent").count();
        assert_eq!((told, lost), (1, 1), "{protocol} {address}: {log}");
    }
}

#[test]
fn a_mistake_in_the_variables_is_told_and_the_server_serves() {
    let annals = Annals::new();
    for (endpoint, protocol, why) in [
        ("http://127.0.0.1:1", "smoke signals", "neither `grpc` nor `http/protobuf`"),
        ("http://a b:geheim@c", "grpc", "is no address"),
        ("https://127.0.0.1:1", "http/protobuf", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"),
    ] {
        let mut server = tracing(&annals, endpoint, protocol, &[]);
        assert!(server.get("/health/ready").starts_with("HTTP/1.1 204"));
        server.signal("TERM");
        assert_eq!(server.ended().code(), Some(0));
        let log = server.rest();
        assert!(log.contains("no traces are sent") && log.contains(why), "{endpoint}: {log}");
        assert!(!log.contains("geheim"), "{log}");
    }
}
