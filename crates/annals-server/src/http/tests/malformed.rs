//! What is no message, no call, or not there.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use tonic::{Code, Status};
use tower::Service;

use super::{Served, ask, call, trailers};

const UNARY: &str = "/event_store.client.streams.Streams/Delete";
const STREAMING: &str = "/event_store.client.streams.Streams/BatchAppend";

/// The status that a body is answered with.
async fn answered(served: &Served, path: &str, body: &'static [u8]) -> Status {
    let request = Request::builder().method(Method::POST).uri(path);
    let request =
        request.header("content-type", "application/grpc").body(Body::from(body)).unwrap();
    let answer = served.router().call(request).await.unwrap();
    match Status::from_header_map(answer.headers()) {
        Some(status) => status,
        None => Status::from_header_map(&trailers(answer.into_body()).await.unwrap()).unwrap(),
    }
}

#[tokio::test]
async fn what_is_no_message_is_the_clients_mistake() {
    let served = Served::new();
    let bodies: [&'static [u8]; 6] = [
        // Compressed, of an unknown kind, cut off in the head and in the middle, and no Protobuf.
        &[1, 0, 0, 0, 0],
        &[7, 0, 0, 0, 0],
        &[0, 0, 0],
        &[0, 0, 0, 0, 9, 1],
        &[0, 0, 0, 0, 1, 255],
        &[0, 0, 0, 0, 2, 10, 9],
    ];
    for path in [UNARY, STREAMING] {
        for body in bodies {
            let status = answered(&served, path, body).await;
            assert_eq!(status.code(), Code::InvalidArgument, "{path}, {body:?}: {status}");
        }
        let status = answered(&served, path, &[0, 255, 255, 255, 255]).await;
        assert_eq!(status.code(), Code::ResourceExhausted, "{path}: {status}");
    }
    let status = answered(&served, UNARY, &[]).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let codes: Vec<_> = served.node.metrics.calls.counts().into_iter().map(|call| call.1).collect();
    assert!(!codes.contains(&"INTERNAL"), "{codes:?}");
}

#[tokio::test]
async fn who_asks_for_what_is_not_there_is_answered_in_their_own_words() {
    let served = Served::new();
    for path in ["/nothing", "/a.B/C", "/ping"] {
        let answer = call(&mut served.router(), path).await;
        let status = Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
    for path in ["/nothing", "/a.B/C", "/"] {
        let answer = ask(&mut served.router(), Method::GET, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let counts = served.node.metrics.calls.counts();
    assert_eq!(counts, [("other".into(), "UNIMPLEMENTED", 3)]);
}

#[tokio::test]
async fn a_service_is_not_reached_by_what_is_no_call() {
    let served = Served::new();
    let request = Request::post("/annals.v1.Store/GetHead");
    let request = request.header("content-type", "application/json").body(Body::empty()).unwrap();
    let answer = served.router().call(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
