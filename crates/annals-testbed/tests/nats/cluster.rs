//! Three servers, and what is done to them.

use annals_testbed::nats::{Cluster, Cut, Options};
use annals_testbed::wait_until;

use crate::client::Client;
use crate::{Outcome, STREAM, has, store};

const ALL: [usize; 3] = [0, 1, 2];

fn others(server: usize) -> [usize; 2] {
    [(server + 1) % 3, (server + 2) % 3]
}

pub(crate) fn survives_the_kill_of_its_leader() -> Outcome {
    let mut cluster = Cluster::start(&Options::default())?;
    let info = Client::connect(&cluster.url(0))?.info;
    assert!(info.contains("\"jetstream\":true") && !info.contains("connect_urls"), "{info}");
    store(&cluster.url(0), 3, 5)?;
    let leader = cluster.wait_for_leader(&ALL)?;
    cluster.kill(leader)?;
    let rest = others(leader);
    assert_ne!(cluster.wait_for_leader(&rest)?, leader);
    wait_until("the two have the messages", || has(&cluster.url(rest[0]), 5))?;
    assert!(Client::connect(&cluster.url(leader)).is_err());
    cluster.restart(leader)?;
    cluster.wait_ready()?;
    assert!(has(&cluster.url(leader), 5));
    Ok(())
}

pub(crate) fn survives_the_kill_of_all() -> Outcome {
    let mut cluster = Cluster::start(&Options::default())?;
    let urls = cluster.urls();
    store(&urls[1], 3, 5)?;
    cluster.kill_all()?;
    assert!(ALL.iter().all(|server| cluster.pid(*server).is_none()));
    assert!(ALL.iter().all(|server| cluster.folder(*server).exists()));
    cluster.restart_all()?;
    cluster.wait_ready()?;
    cluster.wait_for_leader_of(STREAM)?;
    assert_eq!(cluster.urls(), urls);
    assert!(urls.iter().all(|url| has(url, 5)));
    Ok(())
}

pub(crate) fn a_leader_cut_off_in_silence_is_replaced() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    let old = cluster.wait_for_leader(&ALL)?;
    cluster.partition(&[old], Cut::Silent);
    assert_ne!(cluster.wait_for_leader(&others(old))?, old);
    // It does not know yet, and clients still reach it.
    assert_eq!(cluster.leader_seen_by(old), Some(old));
    Client::connect(&cluster.url(old))?.ping()?;
    cluster.heal();
    cluster.wait_ready()?;
    assert_ne!(cluster.leader_seen_by(old), None);
    Ok(())
}

pub(crate) fn a_follower_cut_off_has_no_leader() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    let leader = cluster.wait_for_leader(&ALL)?;
    let [follower, rest] = others(leader);
    cluster.partition(&[leader, rest], Cut::Abrupt);
    wait_until("it knows of no leader", || cluster.leader_seen_by(follower).is_none())?;
    assert_eq!(cluster.wait_for_leader(&[leader, rest])?, leader);
    cluster.heal();
    cluster.wait_ready()?;
    Ok(())
}

pub(crate) fn clients_are_cut_off_from_one_server() -> Outcome {
    let cluster = Cluster::start(&Options::default())?;
    let (mut cut, mut other) =
        (Client::connect(&cluster.url(0))?, Client::connect(&cluster.url(1))?);
    cut.ping()?;
    cluster.cut_clients(0, Cut::Silent);
    assert!(cut.ping().is_err());
    other.ping()?;
    cluster.restore_clients(0);
    cut.pong()?;
    cluster.cut_clients(0, Cut::Abrupt);
    assert!(cut.ping().is_err() && Client::connect(&cluster.url(0)).is_err());
    cluster.restore_clients(0);
    Client::connect(&cluster.url(0))?.ping()?;
    cluster.wait_ready()?;
    Ok(())
}

pub(crate) fn a_stopped_leader_hands_on_its_stream() -> Outcome {
    let mut cluster = Cluster::start(&Options::default())?;
    store(&cluster.url(0), 3, 5)?;
    let leader = cluster.wait_for_leader_of(STREAM)?;
    cluster.stop(leader)?;
    assert_ne!(cluster.wait_for_leader_of(STREAM)?, leader);
    let [paused, rest] = others(leader);
    cluster.restart(leader)?;
    cluster.wait_ready()?;
    cluster.pause(paused)?;
    wait_until("the other two go on", || has(&cluster.url(rest), 5))?;
    cluster.resume(paused)?;
    cluster.wait_ready()?;
    Ok(())
}
