//! Running the server from afar, its figures, and the projections it lists.

use annals_proto::kurrentdb::{
    Empty,
    monitoring::{StatsReq, monitoring_client::MonitoringClient},
    operations::{
        SetNodePriorityReq, StartScavengeReq, StopScavengeReq, operations_client::OperationsClient,
        stop_scavenge_req,
    },
    projections::{
        CreateReq, DisableReq, EnableReq, StatisticsReq, disable_req, enable_req,
        projections_client::ProjectionsClient, statistics_req, statistics_req::options::Mode,
        statistics_resp::Details,
    },
};
use tonic::{Code, Status};

use crate::running::{Channel, Running};

async fn operations(server: &Running) -> OperationsClient<Channel> {
    OperationsClient::with_origin(server.connect().await, server.origin())
}

async fn projections(server: &Running) -> ProjectionsClient<Channel> {
    ProjectionsClient::with_origin(server.connect().await, server.origin())
}

#[tokio::test]
async fn a_client_can_stop_the_server_and_gets_an_answer() {
    let server = Running::start().await;
    let mut client = operations(&server).await;
    client.shutdown(Empty {}).await.unwrap();
    drop(client);
    server.ended().await;
}

#[tokio::test]
async fn what_makes_sense_in_a_cluster_alone_is_done_at_once() {
    let server = Running::start().await;
    let mut client = operations(&server).await;
    client.merge_indexes(Empty {}).await.unwrap();
    client.resign_node(Empty {}).await.unwrap();
    client.set_node_priority(SetNodePriorityReq { priority: 7 }).await.unwrap();
}

#[tokio::test]
async fn no_scavenge_is_begun_and_none_is_found() {
    let server = Running::start().await;
    let mut client = operations(&server).await;
    let refused = client.start_scavenge(StartScavengeReq::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    let options = stop_scavenge_req::Options { scavenge_id: "7".to_owned() };
    let request = StopScavengeReq { options: Some(options) };
    let refused = client.stop_scavenge(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(refused.metadata().get("exception").unwrap(), "scavenge-not-found");
}

#[tokio::test]
async fn figures_come_again_and_say_what_is_new() {
    let server = Running::start().await;
    let channel = server.connect().await;
    let mut client = MonitoringClient::with_origin(channel, server.origin());
    let request = StatsReq { use_metadata: false, refresh_time_period_in_ms: 1 };
    let mut answers = client.stats(request).await.unwrap().into_inner();
    let first = answers.message().await.unwrap().unwrap().stats;
    assert_eq!(
        (first["annals-store-events"].as_str(), first.get("annals-store-position")),
        ("0", None)
    );
    server.append("a", &["x", "y"]).await;
    let mut latest = first;
    while latest["annals-store-events"] != "2" {
        latest = answers.message().await.unwrap().unwrap().stats;
    }
    assert_eq!(latest["annals-store-position"], "2");
}

async fn listed(
    client: &mut ProjectionsClient<Channel>,
    mode: Mode,
) -> Result<Vec<Details>, Status> {
    let options = Some(statistics_req::Options { mode: Some(mode) });
    let mut answers = client.statistics(StatisticsReq { options }).await?.into_inner();
    let mut all = Vec::new();
    while let Some(answer) = answers.message().await? {
        all.extend(answer.details);
    }
    Ok(all)
}

#[tokio::test]
async fn the_systems_projections_run_and_others_are_not_there() {
    let server = Running::start().await;
    let mut client = projections(&server).await;
    let all = listed(&mut client, Mode::All(Empty {})).await.unwrap();
    assert_eq!((all.len(), all.iter().all(|one| one.status == "Running")), (5, true));
    let one = listed(&mut client, Mode::Name("$by_category".to_owned())).await.unwrap();
    assert_eq!(one.len(), 1);
    assert!(listed(&mut client, Mode::Transient(Empty {})).await.unwrap().is_empty());
    let absent = listed(&mut client, Mode::Name("mine".to_owned())).await.unwrap_err();
    assert_eq!((absent.code(), absent.message()), (Code::NotFound, "Projection 'mine' not found"));
    let refused = client.create(CreateReq::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_projection_of_the_system_can_be_enabled_but_not_stopped() {
    let server = Running::start().await;
    let mut client = projections(&server).await;
    let options = Some(enable_req::Options { name: "$by_category".to_owned() });
    client.enable(EnableReq { options }).await.unwrap();
    let options =
        |name: &str| Some(disable_req::Options { name: name.to_owned(), write_checkpoint: true });
    let request = DisableReq { options: options("$by_category") };
    assert_eq!(client.disable(request).await.unwrap_err().code(), Code::Unimplemented);
    let request = DisableReq { options: options("mine") };
    assert_eq!(client.disable(request).await.unwrap_err().code(), Code::NotFound);
}
