//! What is counted and measured, and how it is written for Prometheus.
//!
//! Appends and reads are counted in one place, the store as services see it (`store.rs`); calls of
//! gRPC in one other, the layer around all services (`http/calls.rs`).
//! No label carries a tag, an id or anything else that every client chooses, so the number of
//! series is bounded; groups of consumers have labels, which are named by who runs the server.

mod calls;
mod catch_up;
mod groups;
mod nodes;
mod process;
mod state;
mod store;
mod work;

use std::{fmt, sync::Arc};

use annals_core::{Clock, ErrorKind, Position, SystemClock, Timestamp};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::Registry,
};

pub(crate) use self::{
    calls::{Calls, name as code_name},
    groups::GROUPS_MAX,
    process::Process,
    state::Seen,
    store::Measured,
};
use self::{catch_up::CatchUps, process::ProcessCollector, state::State};

/// Everything that one server counts.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// When counting began.
    pub(crate) since: Timestamp,
    pub(crate) calls: Calls,
    pub(crate) events_appended: Counter,
    pub(crate) append_bytes: Counter,
    appends: Family<ByResult, Counter>,
    append_seconds: Histogram,
    events_read: Family<BySource, Counter>,
    pub(crate) connections: Gauge,
    pub(crate) subscriptions: Gauge,
    catch_ups: Arc<CatchUps>,
    state: Arc<State>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
    commit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByResult {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BySource {
    source: &'static str,
}

/// How appends end.
const RESULTS: [&str; 5] = ["ok", "conflict", "invalid", "denied", "error"];

/// Where events are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Stream,
    All,
    Subscription,
}

impl Source {
    pub(crate) const ALL: [Self; 3] = [Self::Stream, Self::All, Self::Subscription];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::All => "all",
            Self::Subscription => "subscription",
        }
    }
}

/// From 50 microseconds to 13 seconds, in steps of two.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_05, 2.0, 19))
}

/// The commit that was built, where the build was told.
const COMMIT: &str = match option_env!("ANNALS_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            since: SystemClock.now(),
            calls: Calls::new(),
            events_appended: Counter::default(),
            append_bytes: Counter::default(),
            appends: Family::default(),
            append_seconds: seconds(),
            events_read: Family::default(),
            connections: Gauge::default(),
            subscriptions: Gauge::default(),
            catch_ups: Arc::default(),
            state: Arc::default(),
        };
        // What has not happened yet counts zero, so that rates are right from the first on.
        for result in RESULTS {
            drop(metrics.appends.get_or_create(&ByResult { result }));
        }
        for source in Source::ALL {
            drop(metrics.events_read(source));
        }
        metrics.registry = metrics.registry();
        metrics
    }

    fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Arc::clone(&self.state)));
        registry.register_collector(Box::new(ProcessCollector));
        let annals = registry.sub_registry_with_prefix("annals");
        let build = Build { version: env!("CARGO_PKG_VERSION"), commit: COMMIT };
        annals.register("build", "The version that runs", Info::new(build));
        annals.register("events_appended", "Events stored", self.events_appended.clone());
        annals.register("append_bytes", "Bytes of the events stored", self.append_bytes.clone());
        annals.register("appends", "Appends that reached the store", self.appends.clone());
        let help = "From handing an append to the store to its answer";
        annals.register("append_duration_seconds", help, self.append_seconds.clone());
        annals.register("events_read", "Events read from the store", self.events_read.clone());
        annals.register("connections", "Connections that are open", self.connections.clone());
        let help = "Subscriptions that follow the store";
        annals.register("subscriptions", help, self.subscriptions.clone());
        self.calls.register(annals);
        registry
    }

    /// An append has been answered after so many seconds.
    fn appended(&self, result: &'static str, seconds: f64) {
        self.appends.get_or_create(&ByResult { result }).inc();
        self.append_seconds.observe(seconds);
    }

    /// How many appends ended in each way.
    pub(crate) fn appends(&self) -> impl Iterator<Item = (&'static str, u64)> {
        RESULTS.into_iter().map(|result| {
            let count = self.appends.get_or_create(&ByResult { result }).get();
            (result, count)
        })
    }

    /// The counter of events from a source.
    pub(crate) fn events_read(&self, source: Source) -> Counter {
        self.events_read.get_or_create_owned(&BySource { source: source.name() })
    }

    /// How many events the subscription furthest behind was not given yet.
    pub(crate) fn catch_up_lag(&self, head: Option<Position>) -> u64 {
        self.catch_ups.lag(head)
    }

    /// Everything as OpenMetrics text, with what the store and the groups said of themselves.
    ///
    /// # Errors
    /// None in practice: text is written to memory.
    pub(crate) fn text(&self, seen: Seen) -> Result<String, fmt::Error> {
        self.state.set(seen);
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// One more of something, for as long as this lives.
#[derive(Debug)]
pub(crate) struct One(Gauge);

impl One {
    pub(crate) fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The word for how an append failed.
const fn result_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::WrongExpectedVersion | ErrorKind::ConditionFailed => "conflict",
        ErrorKind::InvalidArgument
        | ErrorKind::TooLarge
        | ErrorKind::StreamDeleted
        | ErrorKind::Unsupported => "invalid",
        ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => "denied",
        _ => "error",
    }
}
