//! Calls of gRPC, by method and code.

use std::{collections::HashSet, sync::Arc, time::Duration};

use parking_lot::RwLock;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use tonic::Code;

use super::seconds;

/// How calls ended, and how long they took.
#[derive(Debug)]
pub(crate) struct Calls {
    requests: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
    /// Calls that are under way.
    pub(crate) active: Gauge,
    /// Methods that are there. A client can ask for any path; only what somebody answers to gets
    /// a series of its own.
    methods: RwLock<HashSet<Arc<str>>>,
    other: Arc<str>,
    pub(crate) dropped: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: Arc<str>,
    code: &'static str,
}

/// More methods than all services have together.
const METHODS_MAX: usize = 256;

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(seconds as fn() -> Histogram),
            active: Gauge::default(),
            methods: RwLock::default(),
            other: Arc::from("other"),
            dropped: Counter::default(),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let family = self.requests.clone();
        registry.register("grpc_requests", "Calls of gRPC that have ended", family);
        let family = self.seconds.clone();
        let help = "From the first byte of a call to its last; subscriptions are long calls";
        registry.register("grpc_request_duration_seconds", help, family);
        let gauge = self.active.clone();
        registry.register("grpc_requests_active", "Calls of gRPC that are under way", gauge);
        let counter = self.dropped.clone();
        let help = "What was counted without a label, because there were too many of its kind";
        registry.register("metrics_series_dropped", help, counter);
    }

    /// A call of a path, such as `/package.Service/Method`, has ended.
    pub(crate) fn ended(&self, path: &str, code: Code, took: Duration) {
        let labels = Labels { method: self.method(path, code), code: name(code) };
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// How many calls ended, by method and code.
    pub(crate) fn counts(&self) -> Vec<(Arc<str>, &'static str, u64)> {
        let methods: Vec<_> = self.methods.read().iter().cloned().collect();
        let methods = methods.into_iter().chain([Arc::clone(&self.other)]);
        let of_method = |method: Arc<str>| {
            NAMES.iter().filter_map(move |&code| {
                let labels = Labels { method: Arc::clone(&method), code };
                let count = self.requests.get(&labels)?.get();
                Some((labels.method, code, count))
            })
        };
        methods.flat_map(of_method).collect()
    }

    fn method(&self, path: &str, code: Code) -> Arc<str> {
        let method = path.strip_prefix('/').unwrap_or(path);
        if let Some(known) = self.methods.read().get(method) {
            return Arc::clone(known);
        }
        if !is_from_a_service(code) {
            return Arc::clone(&self.other);
        }
        let mut methods = self.methods.write();
        if methods.len() >= METHODS_MAX {
            self.dropped.inc();
            return Arc::clone(&self.other);
        }
        let method: Arc<str> = Arc::from(method);
        methods.insert(Arc::clone(&method));
        method
    }
}

/// Whether a code shows that a method is there; these are also answered for one that is not.
const fn is_from_a_service(code: Code) -> bool {
    !matches!(
        code,
        Code::Unimplemented
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::Unavailable
            | Code::Cancelled
    )
}

/// The names of all codes, by their numbers.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The name of a code, as the specification writes it.
pub(crate) fn name(code: Code) -> &'static str {
    NAMES.get(code as usize).copied().unwrap_or("UNKNOWN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_name_of_its_number() {
        assert_eq!(name(Code::Ok), "OK");
        assert_eq!(name(Code::Unauthenticated), "UNAUTHENTICATED");
        assert_eq!(name(Code::DataLoss), "DATA_LOSS");
    }

    #[test]
    fn paths_that_nobody_answers_to_have_one_series_together() {
        let calls = Calls::new();
        for number in 0..1_000 {
            calls.ended(&format!("/made.Up/Method{number}"), Code::Unimplemented, Duration::ZERO);
        }
        calls.ended("/a.B/C", Code::NotFound, Duration::ZERO);
        let mut counts = calls.counts();
        counts.sort();
        let expected = [("a.B/C", "NOT_FOUND", 1), ("other", "UNIMPLEMENTED", 1_000)];
        assert_eq!(counts, expected.map(|(method, code, n)| (Arc::from(method), code, n)));
    }

    #[test]
    fn the_number_of_methods_is_bounded_and_the_rest_is_told() {
        let calls = Calls::new();
        for number in 0..METHODS_MAX + 7 {
            calls.ended(&format!("/a.B/C{number}"), Code::Ok, Duration::ZERO);
        }
        assert_eq!(calls.counts().len(), METHODS_MAX + 1);
        assert_eq!(calls.dropped.get(), 7);
    }
}
