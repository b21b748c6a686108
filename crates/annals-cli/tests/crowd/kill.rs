//! SIGKILL while many write and one follows: whatever was acknowledged is there once, in order.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use annals_proto::kurrentdb::streams::{ReadResp, read_resp::Content};
use annals_testbed::annals::Annals;
use tokio::{sync::mpsc, task::JoinSet};
use uuid::Uuid;

use super::client::{Appended, Client, server};

const WRITERS: usize = 16;
const KILLS: usize = 3;
/// How many appends are acknowledged before each kill.
const BETWEEN: usize = 300;

/// What a writer was told: the ids of its stream's events in order.
type Told = (String, Vec<Uuid>);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kills_once_and_in_order() {
    let mut server = server();
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let (told, mut ticks) = mpsc::unbounded_channel();
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let writer = Writer {
            client: Client::new(&server),
            stream: format!("writer-{number}"),
            acknowledged: Arc::clone(&acknowledged),
            told: told.clone(),
            is_over: Arc::clone(&is_over),
        };
        writers.spawn(writer.run());
    }
    let follower = tokio::spawn(follow(Client::new(&server), Arc::clone(&is_over)));
    for kill in 1..=KILLS {
        while acknowledged.load(Ordering::SeqCst) < kill * BETWEEN {
            ticks.recv().await.unwrap();
        }
        server.kill().unwrap();
        server.start_again().unwrap();
    }
    is_over.store(true, Ordering::SeqCst);
    let streams: HashMap<_, _> = writers.join_all().await.into_iter().collect();
    check_streams(&server, &streams).await;
    check_followed(&server, &streams, follower.await.unwrap()).await;
}

struct Writer {
    client: Client,
    stream: String,
    acknowledged: Arc<AtomicUsize>,
    told: mpsc::UnboundedSender<()>,
    is_over: Arc<AtomicBool>,
}

impl Writer {
    /// Appends one event after another; one whose answer was lost is sent again as it was.
    async fn run(mut self) -> Told {
        let mut ids: Vec<Uuid> = Vec::new();
        let mut next = Uuid::new_v4();
        while !self.is_over.load(Ordering::SeqCst) {
            let version = ids.len() as u64;
            let data = next.as_bytes().to_vec();
            let appended =
                self.client.append(&self.stream, version.checked_sub(1), next, data).await;
            match appended {
                Ok(appended) => {
                    assert_eq!(appended, Appended::At(version), "{}", self.stream);
                    ids.push(std::mem::replace(&mut next, Uuid::new_v4()));
                    self.acknowledged.fetch_add(1, Ordering::SeqCst);
                    // The test may be over.
                    self.told.send(()).ok();
                }
                // The server is away; others must come to their turn.
                Err(_) => tokio::task::yield_now().await,
            }
        }
        (self.stream, ids)
    }
}

/// Every id that was acknowledged stands at its version; at most one more may be there, whose
/// answer its writer did not wait for.
async fn check_streams(server: &Annals, streams: &HashMap<String, Vec<Uuid>>) {
    let mut client = Client::new(server);
    for (stream, told) in streams {
        let mut events = client.read(stream).await.unwrap();
        let mut stored = Vec::new();
        while let Some(answer) = events.message().await.unwrap() {
            stored.extend(event(&answer).map(|(_, id)| id));
        }
        let kept = stored.get(..told.len()).unwrap_or_default();
        assert!(kept == told, "{stream}: {} told, {} stored", told.len(), stored.len());
        assert!(stored.len() <= told.len() + 1, "{stream} has events that nobody wrote");
    }
}

/// Each event was seen once, in the order of positions, through all interruptions.
async fn check_followed(
    server: &Annals,
    streams: &HashMap<String, Vec<Uuid>>,
    (mut seen, mut last): (Vec<Uuid>, u64),
) {
    let wanted: usize = streams.values().map(Vec::len).sum();
    let mut client = Client::new(server);
    let mut events = client.follow(last).await.unwrap();
    while seen.len() < wanted {
        let answer = events.message().await.unwrap().unwrap();
        if let Some((position, id)) = event(&answer) {
            assert!(position > last);
            last = position;
            seen.push(id);
        }
    }
    let unique: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(unique.len(), seen.len(), "an event was given twice");
}

/// Follows everything, and goes on after the last position whenever the server is back.
async fn follow(mut client: Client, is_over: Arc<AtomicBool>) -> (Vec<Uuid>, u64) {
    let (mut seen, mut last) = (Vec::new(), 0);
    while !is_over.load(Ordering::SeqCst) {
        let Ok(mut events) = client.follow(last).await else {
            tokio::task::yield_now().await;
            continue;
        };
        while let Ok(Some(answer)) = events.message().await {
            if let Some((position, id)) = event(&answer) {
                assert!(position > last, "{position} came after {last}");
                last = position;
                seen.push(id);
            }
            if is_over.load(Ordering::SeqCst) {
                break;
            }
        }
    }
    (seen, last)
}

/// The position and id of an event of the writers.
fn event(answer: &ReadResp) -> Option<(u64, Uuid)> {
    let Some(Content::Event(event)) = &answer.content else { return None };
    let event = event.event.as_ref()?;
    Some((event.commit_position, Uuid::from_slice(&event.data).ok()?))
}
