//! How a server ends while calls are under way.

use annals_proto::kurrentdb::streams::{AppendReq, AppendResp, append_resp};
use futures_lite::stream;
use tokio::{
    sync::mpsc::{self, Sender},
    task::JoinHandle,
};
use tonic::{Code, Response, Status};

use super::{
    Server,
    client::{connect, event, options, subscribe},
};
use crate::harness::Annals;

/// An append that the server has begun to take in.
struct UnderWay {
    messages: Sender<AppendReq>,
    answer: JoinHandle<Result<Response<AppendResp>, Status>>,
}

impl UnderWay {
    async fn begin(server: &Server) -> Self {
        let mut client = connect(&server.address).await;
        let (messages, receiver) = mpsc::channel(1);
        let requests = stream::unfold(receiver, |mut receiver| async {
            let message = receiver.recv().await?;
            Some((message, receiver))
        });
        let answer = tokio::spawn(async move { client.append(requests).await });
        messages.send(options("account-1")).await.unwrap();
        messages.send(event()).await.unwrap();
        server.wait_until("annals_grpc_requests_active 1");
        Self { messages, answer }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_is_finished_and_who_follows_is_told_to_go_elsewhere() {
    let annals = Annals::new();
    let mut server = Server::start(&annals, &["--drain", "600"]);
    let append = UnderWay::begin(&server).await;
    let mut client = connect(&server.address).await;
    let mut subscription = client.read(subscribe()).await.unwrap().into_inner();
    assert!(subscription.message().await.unwrap().is_some());

    server.signal("TERM");
    server.line_of("stopping");
    let end = loop {
        if let Err(status) = subscription.message().await {
            break status;
        }
    };
    assert_eq!(end.code(), Code::Unavailable, "{end}");
    let ready = server.get("/health/ready");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    let mut late = connect(&server.address).await;
    assert_eq!(late.read(subscribe()).await.unwrap_err().code(), Code::Unavailable);

    append.messages.send(event()).await.unwrap();
    drop(append.messages);
    let answer = append.answer.await.unwrap().unwrap().into_inner();
    assert!(matches!(answer.result, Some(append_resp::Result::Success(_))), "{answer:?}");
    assert_eq!(server.ended().code(), Some(0));
    assert_eq!(annals.places(&["read", "account-1"]), ["account-1@0", "account-1@1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_longer_than_it_may_is_cut_off() {
    let annals = Annals::new();
    let mut server = Server::start(&annals, &["--drain", "0"]);
    let append = UnderWay::begin(&server).await;
    server.signal("TERM");
    assert_eq!(server.line_of("stopped")["level"], "INFO");
    assert_eq!(server.ended().code(), Some(0));
    assert!(append.answer.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once() {
    let annals = Annals::new();
    let mut server = Server::start(&annals, &["--drain", "600"]);
    let append = UnderWay::begin(&server).await;
    server.signal("TERM");
    server.line_of("stopping");
    server.signal("INT");
    assert_eq!(server.ended().code(), Some(130));
    assert!(append.answer.await.unwrap().is_err());
    annals.ok(&["verify"]);
}
