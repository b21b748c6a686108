//! Servers that die, and followers that do not notice.

use std::{sync::Arc, time::Duration};

use annals_cluster::log::{JetStreamLog, OrderedLog, PublishError};
use annals_testbed::nats::{Cluster, Cut, Nats, Options};

use crate::{Outcome, bed};

/// How many messages are published before a fault, and after it.
const SOME: u64 = 50;

/// Goes on publishing until so many more messages were acknowledged; gives the last sequence.
async fn publish(log: &JetStreamLog, messages: u64) -> u64 {
    let mut last = 0;
    for number in 0..messages {
        last = bed::insist(log, &bed::message(number)).await;
    }
    last
}

/// Publishes, lets a fault happen, publishes on, and follows all of it with a follower that was
/// there before.
async fn survive(cluster: Cluster, fault: fn(&mut Cluster, usize), victim: Victim) {
    let log = bed::log_across(&cluster).await;
    let reader = bed::connect(&bed::target_of(&cluster)).await;
    let mut follower = reader.follow(1);
    let before = publish(&log, SOME).await;
    bed::reach(&mut follower, 1, before).await;
    let victim = match victim {
        Victim::Leader => cluster.wait_for_leader_of(bed::STREAM).unwrap(),
        Victim::Connected => server_of(&reader),
    };
    let mut cluster = cluster;
    fault(&mut cluster, victim);
    let last = publish(&log, SOME).await;
    bed::reach(&mut follower, before + 1, last).await;
}

/// The server that a connection is to.
fn server_of(log: &JetStreamLog) -> usize {
    let name = log.client().server_info().server_name;
    name.rsplit('-').next().unwrap().parse().unwrap()
}

enum Victim {
    Leader,
    Connected,
}

pub(crate) fn kill_of_the_leader() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    bed::run(survive(cluster, |cluster, victim| cluster.kill(victim).unwrap(), Victim::Leader));
    Ok(())
}

pub(crate) fn kill_of_the_connected_server() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    bed::run(survive(cluster, |cluster, victim| cluster.kill(victim).unwrap(), Victim::Connected));
    Ok(())
}

pub(crate) fn pause_of_the_leader() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    bed::run(survive(cluster, |cluster, victim| cluster.pause(victim).unwrap(), Victim::Leader));
    Ok(())
}

/// The servers that are cut off stay so, and everything goes on through the others.
pub(crate) fn partition_of_the_connected_leader() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    bed::run(async {
        let mut log = bed::log_across(&cluster).await;
        let leader = cluster.wait_for_leader_of(bed::STREAM).unwrap();
        while server_of(&log) != leader {
            log = bed::connect(&bed::target_of(&cluster)).await;
        }
        let mut follower = log.follow(1);
        let before = publish(&log, SOME).await;
        bed::reach(&mut follower, 1, before).await;
        cluster.partition(&[leader], Cut::Silent);
        let last = publish(&log, SOME).await;
        bed::reach(&mut follower, before + 1, last).await;
        assert_ne!(server_of(&log), leader);
    });
    Ok(())
}

pub(crate) fn partition_of_the_connected_server() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    bed::run(async {
        let log = bed::log_across(&cluster).await;
        let last = publish(&log, SOME).await;
        let cut_off = server_of(&log);
        cluster.partition(&[cut_off], Cut::Silent);
        // It answers as the leader that it was, or without one, and must not be believed for ever.
        let mut every = tokio::time::interval(Duration::from_millis(100));
        while server_of(&log) == cut_off {
            every.tick().await;
            drop(log.extent().await);
        }
        let extent = loop {
            every.tick().await;
            if let Ok(extent) = log.extent().await {
                break extent;
            }
        };
        assert_eq!(extent.last, last);
    });
    Ok(())
}

pub(crate) fn restart_of_a_single_server() -> Outcome {
    let mut server = Nats::start(&Options::default())?;
    bed::run(async {
        let log = bed::log_on(&server).await;
        let mut follower = log.follow(1);
        let before = publish(&log, SOME).await;
        bed::reach(&mut follower, 1, before).await;
        server.kill().unwrap();
        server.restart().unwrap();
        let last = publish(&log, SOME).await;
        bed::reach(&mut follower, before + 1, last).await;
    });
    Ok(())
}

pub(crate) fn publish_during_an_election() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    bed::run(async {
        let log = Arc::new(bed::log_across(&cluster).await);
        publish(&log, SOME).await;
        let leader = cluster.wait_for_leader_of(bed::STREAM).unwrap();
        let mut cluster = cluster;
        cluster.kill(leader).unwrap();
        let during = log.publish(bed::message(0)).await;
        let Err(PublishError::Unanswered(error)) = during else { panic!("{during:?}") };
        assert!(error.to_string().contains("orders"), "{error}");
        assert!(publish(&log, 1).await > SOME);
    });
    Ok(())
}
