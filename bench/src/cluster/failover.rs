//! Appends while the server that leads the log is killed, beside the time until the log has a new
//! leader.

use std::time::{Duration, Instant};

use annals_cluster::log::{JetStreamLog, OrderedLog};
use annals_core::{Append, Backend, ExpectedVersion, NewEvent, StreamName};
use tokio::time::{sleep, timeout};

use super::setting::Setting;
use crate::{
    contest::field::Field,
    problem::Result,
    report::{Figure, Goal, Row},
};

const ROUNDS: usize = 5;
/// How often the log is asked whether it has a leader.
const ASKED_EVERY: Duration = Duration::from_millis(5);
/// What is allowed beyond JetStream's own.
const BEYOND: f64 = 0.2;

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let (mut ours, mut theirs, mut beyond) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (our, their) = fail_over(setting, round)?;
        eprintln!("      {:.2} s, of which the log {:.2} s", our.as_secs_f64(), their.as_secs_f64());
        beyond.push(our.saturating_sub(their));
        ours.push(our);
        theirs.push(their);
    }
    let middle = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times.get(ROUNDS / 2).copied().unwrap_or_default()
    };
    let goal = Goal::AtMost(BEYOND);
    Ok(vec![
        Row::alone("no answers after a kill of the log's leader", Figure::Time(middle(ours))),
        Row::alone("of that, JetStream without a leader", Figure::Time(middle(theirs))),
        Row::alone("beyond JetStream's own", Figure::Time(middle(beyond))).goal(goal),
    ])
}

/// Kills the log's leader; gives how long it took until an append was answered, and until the log
/// had a leader.
fn fail_over(setting: &Setting, round: usize) -> Result<(Duration, Duration)> {
    let ground = setting.ground();
    let target = setting.target(&setting.folder("nobody"))?;
    let log = ground.run(async move { Ok(JetStreamLog::connect(&target, "bench").await?) })?;
    let leader = setting.servers.borrow().wait_for_leader_of("ANNALS_bench")?;
    setting.servers.borrow_mut().kill(leader)?;
    let killed = Instant::now();
    let node = setting.node.clone();
    let times = ground.run(async move {
        let appended = async {
            let stream = StreamName::new(format!("failover-{round}"))?;
            let event = NewEvent::new(annals_core::EventType::new("appended")?, "{}");
            node.append(Append::to(stream, ExpectedVersion::NoStream, [event])).await?;
            Result::Ok(killed.elapsed())
        };
        let led = async {
            loop {
                let asked = timeout(Duration::from_millis(100), log.extent()).await;
                if matches!(asked, Ok(Ok(_))) {
                    return Result::Ok(killed.elapsed());
                }
                sleep(ASKED_EVERY).await;
            }
        };
        futures_util::future::try_join(appended, led).await
    })?;
    setting.servers.borrow_mut().restart(leader)?;
    setting.servers.borrow().wait_ready()?;
    setting.servers.borrow().wait_for_leader_of("ANNALS_bench")?;
    Ok(times)
}
