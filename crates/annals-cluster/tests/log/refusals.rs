//! What the log refuses, and how it says so.

use std::time::{Duration, Instant};

use annals_cluster::{
    log::{JetStreamLog, Logged, OrderedLog, PublishError},
    setup::{Replicas, Setup, init},
};
use annals_core::{BoxStream, Error, ErrorKind};
use annals_testbed::nats::{Login, Nats, Options, User};
use bytes::Bytes;

use crate::{Outcome, bed};

fn refused(answer: Result<u64, PublishError>) -> Error {
    match answer {
        Err(PublishError::Refused(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn of_a_full_log() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let setup = Setup { replicas: Replicas::One, bytes_max: Some(64 << 10) };
        let log = bed::made(&bed::target(&server), setup).await;
        let mut last = 0;
        let error = loop {
            match log.publish(Bytes::from(vec![0; 1_000])).await {
                Ok(sequence) => last = sequence,
                refusal => break refused(refusal),
            }
        };
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("the log is full"), "{error}");
        let extent = log.extent().await.unwrap();
        assert_eq!((extent.first, extent.last), (1, last), "it dropped nothing");
        assert_eq!(extent.bytes_max, Some(64 << 10));
    });
    Ok(())
}

pub(crate) fn of_a_large_message() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let log = bed::log_on(&server).await;
        let most = log.message_bytes_max();
        log.publish(Bytes::from(vec![0; most])).await.unwrap();
        let error = refused(log.publish(Bytes::from(vec![0; most + 1])).await);
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    });
    Ok(())
}

async fn ask(log: &JetStreamLog, subject: &str, payload: &'static str) {
    let subject = format!("$JS.API.STREAM.{subject}.{}", bed::STREAM);
    let answer = log.client().request(subject, Bytes::from(payload)).await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
    assert!(answer["error"].is_null(), "{answer}");
}

pub(crate) fn of_a_purged_beginning() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let log = bed::log_on(&server).await;
        bed::fill(&log, 100).await;
        ask(&log, "PURGE", r#"{"seq": 51}"#).await;
        let error = bed::next(&mut log.follow(7)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
        let text = error.to_string();
        assert!(text.contains("sequence 51") && text.contains("sequence 7"), "{text}");
        assert!(text.contains("backup of another node"), "{text}");
        bed::between(&log, 51, 100).await;
        ask(&log, "PURGE", "").await;
        let error = bed::next(&mut log.follow(100)).await.unwrap_err();
        assert!(error.to_string().contains("sequence 101"), "{error}");
        let extent = log.extent().await.unwrap();
        assert_eq!((extent.first, extent.last), (101, 100));
    });
    Ok(())
}

/// A log that was removed, and who had followed its ten messages.
async fn removed(server: &Nats) -> (JetStreamLog, BoxStream<'static, annals_core::Result<Logged>>) {
    let log = bed::log_on(server).await;
    bed::fill(&log, 10).await;
    let mut follower = log.follow(1);
    bed::reach(&mut follower, 1, 10).await;
    ask(&log, "DELETE", "").await;
    (log, follower)
}

pub(crate) fn of_a_log_that_was_made_anew() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let (log, mut follower) = removed(&server).await;
        init(&bed::target(&server), &bed::setup(Replicas::One)).await.unwrap();
        let mut early = log.follow(11);
        let error = bed::next(&mut early).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
        assert!(error.to_string().contains("ends at sequence 0"), "{error}");
        bed::fill(&log, 20).await;
        let error = bed::next(&mut follower).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
    });
    Ok(())
}

pub(crate) fn of_a_log_that_was_removed() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let (_log, mut follower) = removed(&server).await;
        let error = bed::next(&mut follower).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupted);
        assert!(error.to_string().contains("any more"), "{error}");
    });
    Ok(())
}

pub(crate) fn when_nobody_listens() -> Outcome {
    let mut server = Nats::start(&Options::default())?;
    let target = bed::target(&server);
    server.stop()?;
    bed::run(async {
        let begun = Instant::now();
        let error = JetStreamLog::connect(&target, "test").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    });
    Ok(())
}

pub(crate) fn of_a_wrong_password() -> Outcome {
    let users = Login::Users(vec![User::new("ann", "right")]);
    let server = Nats::start(&Options { login: users, ..Options::default() })?;
    bed::run(async {
        let place = server.url().replace("nats://", "");
        let url = |password: &str| format!("nats://ann:{password}@{place}/orders");
        let right = url("right").parse().unwrap();
        JetStreamLog::connect(&right, "test").await.unwrap();
        let wrong = url("s3cret").parse().unwrap();
        let error = JetStreamLog::connect(&wrong, "test").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    });
    Ok(())
}
