//! Making a log, and looking a cluster over.

use annals_cluster::{
    log::{OrderedLog, PublishError},
    setup::{Finding, Initialized, Monitor, Replicas, Setup, Severity, check, find, init, state},
};
use annals_core::ErrorKind;
use annals_testbed::nats::{Cluster, Nats, Options, Sync};

use crate::{Outcome, bed};

pub(crate) fn a_log_is_made_once() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let (target, setup) = (bed::target(&server), bed::setup(Replicas::One));
        assert_eq!(init(&target, &setup).await.unwrap(), Initialized::Made);
        assert_eq!(init(&target, &setup).await.unwrap(), Initialized::Found);
        let state = state(&target).await.unwrap();
        assert_eq!((state.replicas.len(), state.replicas_wanted, state.messages), (1, 1, 0));
        assert!(state.replicas[0].leader);
    });
    Ok(())
}

pub(crate) fn a_log_is_made_by_servers_that_are_being_started() -> Outcome {
    let mut cluster = Cluster::start(&Options::default())?;
    let (target, setup) = (bed::target_of(&cluster), bed::setup(Replicas::Three));
    cluster.kill_all()?;
    bed::run(async {
        let started = tokio::task::spawn_blocking(move || cluster.restart_all().map(|()| cluster));
        let (found, cluster) = tokio::join!(biased; find(&target), started);
        assert_eq!(found.unwrap(), None);
        let _cluster = cluster.unwrap().unwrap();
        assert_eq!(init(&target, &setup).await.unwrap(), Initialized::Made);
        let replicas = find(&target).await.unwrap().map(|state| state.replicas_wanted);
        assert_eq!(replicas, Some(3));
    });
    Ok(())
}

pub(crate) fn servers_that_are_not_started_are_told() -> Outcome {
    let mut server = Nats::start(&Options::default())?;
    let target = bed::target(&server);
    server.kill()?;
    bed::run(async {
        let error = find(&target).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("connections (Connection refused"), "{error}");
    });
    Ok(())
}

pub(crate) fn another_shape_is_refused() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let target = bed::target(&server);
        bed::log_on(&server).await;
        let setup = Setup { replicas: Replicas::One, bytes_max: Some(1 << 20) };
        let error = init(&target, &setup).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("`max_bytes` is -1, not 1048576"), "{error}");
    });
    Ok(())
}

pub(crate) fn a_missing_log_is_told() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let error = state(&bed::target(&server)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("annals cluster init"), "{error}");
        let log = bed::connect(&bed::target(&server)).await;
        let answer = log.publish(bed::message(1)).await;
        assert!(matches!(answer, Err(PublishError::Unanswered(_))), "{answer:?}");
    });
    Ok(())
}

pub(crate) fn more_replicas_than_servers() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let setup = bed::setup(Replicas::Three);
        let error = init(&bed::target(&server), &setup).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("3 replicas"), "{error}");
    });
    Ok(())
}

fn worst(findings: &[Finding]) -> Severity {
    findings.iter().map(|finding| finding.severity).max().unwrap()
}

/// The monitoring port, which a server tells in its log.
fn monitor(log: &str) -> Monitor {
    let line = log.lines().rfind(|line| line.contains("http monitor on")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

pub(crate) fn a_good_cluster_has_no_problems() -> Outcome {
    let cluster = Cluster::start(&Options { sync: Sync::Always, ..Options::default() })?;
    bed::run(async {
        let target = bed::target_of(&cluster);
        let setup = Setup { replicas: Replicas::Three, bytes_max: Some(1 << 30) };
        let log = bed::made(&target, setup).await;
        bed::insist(&log, &bed::message(1)).await;
        let monitors: Vec<_> = (0..3).map(|server| monitor(&cluster.log(server))).collect();
        let findings = check(&target, &monitors).await;
        assert!(worst(&findings) < Severity::Problem, "{findings:#?}");
        let synced = findings.iter().filter(|finding| finding.what.contains("before it ack"));
        assert_eq!(synced.count(), 3, "{findings:#?}");
        let unseen = check(&target, &[]).await;
        assert!(unseen.iter().any(|finding| finding.severity == Severity::Unknown));
    });
    Ok(())
}

pub(crate) fn a_bad_cluster_is_explained() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    bed::run(async {
        let target = bed::target_of(&cluster);
        bed::made(&target, bed::setup(Replicas::One)).await;
        let findings = check(&target, &[monitor(&cluster.log(0))]).await;
        let has = |severity, words: &str| {
            let told = |finding: &&Finding| finding.severity == severity;
            findings.iter().filter(told).any(|finding| finding.what.contains(words))
        };
        assert!(has(Severity::Warning, "one replica"), "{findings:#?}");
        assert!(has(Severity::Warning, "no limit"), "{findings:#?}");
        assert!(has(Severity::Problem, "syncs to disk only every 120s"), "{findings:#?}");
    });
    Ok(())
}
