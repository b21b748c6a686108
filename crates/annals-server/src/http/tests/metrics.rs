//! What `/metrics` says, and that nothing in `packaging/` asks for anything else.

use std::{collections::BTreeSet, fs, path::Path};

use annals_core::{Histogram, Name, Node, StoreWork, Timestamp};
use annals_proto::kurrentdb::{
    Empty, StreamIdentifier,
    streams::{
        AppendReq, ReadReq,
        append_req::{self, ProposedMessage, options::ExpectedStreamRevision},
        read_req::{
            self,
            options::{
                AllOptions, CountOption, FilterOption, StreamOption, SubscriptionOptions,
                UuidOption, all_options::AllOption, uuid_option,
            },
        },
    },
};
use axum::body::Bytes;
use futures_lite::{Stream, StreamExt, stream};

use uuid::Uuid;

use super::Served;
use crate::{
    kurrent::persistent::watch::Watched,
    metrics::Seen,
    wire::ids::{self, UuidForm},
};

/// An append of so many events of 5 bytes each, type included.
pub(super) fn append(
    stream: &str,
    events: usize,
) -> impl Stream<Item = AppendReq> + Send + 'static + use<> {
    let options = append_req::Content::Options(append_req::Options {
        stream_identifier: Some(StreamIdentifier {
            stream_name: Bytes::copy_from_slice(stream.as_bytes()),
        }),
        expected_stream_revision: Some(ExpectedStreamRevision::NoStream(Empty {})),
    });
    let properties = [("type", "a"), ("content-type", "application/json")];
    let event = move |_| {
        append_req::Content::ProposedMessage(ProposedMessage {
            id: Some(ids::uuid_to_wire(Uuid::new_v4(), UuidForm::Structured)),
            metadata: properties.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            custom_metadata: Bytes::new(),
            data: Bytes::from_static(b"\"qz\""),
        })
    };
    let contents = [options].into_iter().chain((0..events).map(event));
    stream::iter(contents.map(|content| AppendReq { content: Some(content) }).collect::<Vec<_>>())
}

fn of_all(extent: CountOption) -> ReadReq {
    ReadReq {
        options: Some(read_req::Options {
            stream_option: Some(StreamOption::All(AllOptions {
                all_option: Some(AllOption::Start(Empty {})),
            })),
            filter_option: Some(FilterOption::NoFilter(Empty {})),
            uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(Empty {})) }),
            count_option: Some(extent),
            ..read_req::Options::default()
        }),
    }
}

pub(super) fn subscribe() -> ReadReq {
    of_all(CountOption::Subscription(SubscriptionOptions {}))
}

/// A server that has done a bit of everything.
async fn busy() -> Served {
    let served = Served::new();
    let mut client = served.streams();
    client.append(append("account-1", 3)).await.unwrap();
    // Refused: the stream is there.
    client.append(append("account-1", 2)).await.unwrap();
    let read = client.read(of_all(CountOption::Count(2))).await.unwrap();
    assert_eq!(read.into_inner().count().await, 2);
    served
}

#[tokio::test]
async fn appends_and_reads_are_counted() {
    let text = busy().await.get("/metrics").await.text;
    for line in [
        "annals_events_appended_total 3",
        "annals_append_bytes_total 15",
        "annals_appends_total{result=\"ok\"} 1",
        "annals_appends_total{result=\"conflict\"} 1",
        "annals_appends_total{result=\"error\"} 0",
        "annals_append_duration_seconds_count 2",
        "annals_events_read_total{source=\"all\"} 2",
        "annals_events_read_total{source=\"subscription\"} 0",
        "annals_log_position 2",
        "annals_connections 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let build = format!("annals_build_info{{version=\"{}\",", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&build), "{text}");
}

#[tokio::test]
async fn the_answer_says_what_it_is_written_in_and_names_no_stream() {
    let answer = busy().await.get("/metrics").await;
    let kind = answer.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    assert!(!answer.text.contains("account"), "{}", answer.text);
}

#[tokio::test]
async fn a_store_that_fails_is_measured_without_its_numbers() {
    let served = Served::over(super::calls::Broken::new());
    served.streams().append(append("account-1", 1)).await.unwrap_err();
    let text = served.get("/metrics").await.text;
    assert!(text.contains("annals_appends_total{result=\"error\"} 1\n"), "{text}");
    assert!(!text.contains("annals_log_position"), "{text}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_is_measured_too() {
    let text = Served::new().get("/metrics").await.text;
    for name in [
        "process_cpu_seconds_total ",
        "process_start_time_seconds ",
        "process_resident_memory_bytes ",
        "process_open_fds ",
        "process_max_fds ",
    ] {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let value: f64 = line.unwrap_or_else(|| panic!("{name}{text}")).parse().unwrap();
        assert!(value >= 0.0, "{name}{value}");
    }
}

/// What a store on disk counts: commits of one and of three appends, and a sync of 30 microseconds.
fn work() -> StoreWork {
    let spread = |first_end, values: &[u64]| {
        let histogram = Histogram::new(first_end);
        values.iter().for_each(|value| histogram.record(*value));
        histogram.spread()
    };
    StoreWork {
        queued: 2,
        commit_appends: spread(1, &[1, 3]),
        commit_events: spread(1, &[10, 30]),
        sync_nanos: Some(spread(25_000, &[30_000])),
    }
}

fn group() -> Watched {
    Watched {
        name: "account-1::readers".to_owned(),
        lag_events: 7,
        lag_seconds: 1.5,
        checkpoint: Some(41),
        in_flight: 3,
        parked: 1,
    }
}

#[tokio::test]
async fn what_the_store_counts_of_its_work_is_written_as_histograms() {
    let seen = Seen { work: Some(work()), ..Seen::default() };
    let text = Served::new().node.metrics.text(seen).unwrap();
    for line in [
        "annals_commit_queue_appends 2",
        "annals_commit_batch_appends_sum 4.0",
        "annals_commit_batch_appends_count 2",
        "annals_commit_batch_appends_bucket{le=\"1.0\"} 1",
        "annals_commit_batch_appends_bucket{le=\"2.0\"} 1",
        "annals_commit_batch_appends_bucket{le=\"4.0\"} 2",
        "annals_commit_batch_appends_bucket{le=\"+Inf\"} 2",
        "annals_commit_batch_events_sum 40.0",
        "annals_fsync_duration_seconds_sum 0.00003",
        "annals_fsync_duration_seconds_bucket{le=\"0.000025\"} 0",
        "annals_fsync_duration_seconds_bucket{le=\"0.00005\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn groups_are_written_by_their_names() {
    let seen = Seen { groups: vec![group()], ..Seen::default() };
    let text = Served::new().node.metrics.text(seen).unwrap();
    for (figure, value) in [
        ("lag_events", "7.0"),
        ("lag_seconds", "1.5"),
        ("position", "41.0"),
        ("inflight_messages", "3.0"),
        ("parked_messages", "1.0"),
    ] {
        let line =
            format!("annals_subscription_{figure}{{subscription=\"account-1::readers\"}} {value}");
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

/// A node that is a little behind.
fn this_node() -> Node {
    Node {
        name: Name::new("n1").unwrap(),
        is_this: true,
        address: None,
        heard_at: Timestamp::from_micros(0),
        is_alive: true,
        head: None,
        applied: 12,
        behind: 3,
    }
}

#[tokio::test]
async fn nodes_are_counted_and_this_one_is_measured() {
    let dead = Node { is_this: false, is_alive: false, ..this_node() };
    let seen = Seen { nodes: vec![this_node(), dead.clone(), dead], ..Seen::default() };
    let served = Served::new();
    let text = served.node.metrics.text(seen).unwrap();
    for line in [
        "annals_node_applied_entries 12",
        "annals_node_behind_entries 3",
        "annals_nodes{state=\"alive\"} 1",
        "annals_nodes{state=\"dead\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    let alone = served.node.metrics.text(Seen::default()).unwrap();
    assert!(!alone.contains("annals_node"), "{alone}");
}

/// The names of metrics in a text: words that begin like one.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let prefixes = ["annals_", "process_"];
    words.filter(|word| prefixes.iter().any(|prefix| word.starts_with(prefix))).collect()
}

#[tokio::test]
async fn every_metric_that_packaging_asks_for_is_there() {
    let served = busy().await;
    // A store on disk has these, one in memory has not.
    let info = served.node.store.info().await.unwrap();
    let info = annals_core::StoreInfo { bytes: Some(1), segments: Some(1), ..info };
    let seen = Seen {
        info: Some(info),
        work: Some(work()),
        groups: vec![group()],
        nodes: vec![this_node()],
        catch_up_lag: Some(0),
    };
    let text = served.node.metrics.text(seen).unwrap();
    let exported = names(&text);
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging");
    for file in ["grafana.json", "alerts.yml"] {
        let asked = fs::read_to_string(packaging.join(file)).unwrap();
        let asked = names(&asked);
        assert!(asked.len() > 3, "{file}: {asked:?}");
        for name in asked {
            assert!(exported.contains(name), "{file}: {name}\n{text}");
        }
    }
}
