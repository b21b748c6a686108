//! One total order.

use std::collections::BTreeMap;

use annals_cluster::log::OrderedLog;
use annals_testbed::nats::{Nats, Options};
use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesOrdered};

use crate::{Outcome, bed};

pub(crate) fn is_the_same_for_every_follower() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let log = bed::log_on(&server).await;
        bed::fill(&log, 3_000).await;
        let all = bed::between(&log, 1, 3_000).await;
        let other = bed::connect(&bed::target(&server)).await;
        for first in [2, 1_500, 3_000] {
            let some = bed::between(&other, first, 3_000).await;
            let place = usize::try_from(first).unwrap() - 1;
            let told = |logged: &annals_cluster::log::Logged| {
                (logged.sequence, logged.time, logged.message.clone())
            };
            assert!(some.iter().map(told).eq(all[place..].iter().map(told)), "from {first}");
        }
        let extent = log.extent().await.unwrap();
        assert_eq!((extent.first, extent.last, extent.bytes_max), (1, 3_000, None));
    });
    Ok(())
}

pub(crate) fn is_that_of_the_answers() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let log = bed::log_on(&server).await;
        let calls = (1..=500).map(|number| log.publish(bed::message(number)));
        let answers = calls.collect::<FuturesOrdered<_>>().collect::<Vec<_>>().await;
        let answered = (1..=500).zip(answers.into_iter().map(|answer| answer.unwrap()));
        let numbers: BTreeMap<u64, u64> =
            answered.map(|(number, sequence)| (sequence, number)).collect();
        assert!(numbers.keys().copied().eq(1..=500));
        for logged in bed::between(&log, 1, 500).await {
            assert_eq!(logged.message, bed::message(numbers[&logged.sequence]));
        }
    });
    Ok(())
}

pub(crate) fn goes_on_live() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let log = bed::log_on(&server).await;
        let mut follower = log.follow(1);
        for number in 1..=200 {
            let message = bed::message(number);
            assert_eq!(log.publish(message.clone()).await.unwrap(), number);
            let logged = bed::next(&mut follower).await.unwrap();
            assert_eq!((logged.sequence, logged.message), (number, message));
            assert_eq!(logged.behind, 0);
        }
    });
    Ok(())
}

pub(crate) fn of_large_messages() -> Outcome {
    let server = Nats::start(&Options::default())?;
    bed::run(async {
        let log = bed::log_on(&server).await;
        let most = log.message_bytes_max();
        for number in 0..40_u8 {
            log.publish(Bytes::from(vec![number; most])).await.unwrap();
        }
        for (number, logged) in (0..40_u8).zip(bed::between(&log, 1, 40).await) {
            assert_eq!(logged.message, vec![number; most]);
        }
    });
    Ok(())
}
