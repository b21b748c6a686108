//! Whether the server can work.

use annals_proto::grpc_health::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic::Code;

use crate::running::Running;

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test]
async fn the_server_and_its_services_say_that_they_work() {
    let server = Running::start().await;
    let mut client = HealthClient::with_origin(server.connect().await, server.origin());
    for service in ["", "umadb.v1.DCB"] {
        let answer = client.check(about(service)).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "`{service}`");
    }
    let unknown = client.check(about("nobody")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn who_watches_is_told_when_the_server_stops() {
    let server = Running::start().await;
    let mut client = HealthClient::with_origin(server.connect().await, server.origin());
    let mut answers = client.watch(about("")).await.unwrap().into_inner();
    let first = answers.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    server.stop().await;
    let last = answers.message().await.unwrap().unwrap();
    assert_eq!(last.status(), ServingStatus::NotServing);
    assert!(answers.message().await.unwrap().is_none());
}
