//! What a server writes into its log, and what it never does.

use std::{
    io::{self, Write},
    sync::Arc,
};

use annals_proto::kurrentdb::streams::DeleteReq;
use parking_lot::Mutex;
use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::fmt::MakeWriter;

use super::{Served, call, calls, metrics, trailers};

/// A log in memory, for as long as it lives that of this thread.
struct Log {
    lines: Lines,
    _guard: DefaultGuard,
}

#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn begin() -> Self {
        let lines = Lines::default();
        let log = tracing_subscriber::fmt().with_writer(lines.clone()).with_ansi(false).finish();
        Self { lines, _guard: set_default(log) }
    }

    fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().clone()).unwrap()
    }
}

#[tokio::test]
async fn a_failure_of_the_store_is_logged_with_its_cause_and_no_payload() {
    let log = Log::begin();
    let served = Served::over(calls::Broken::new());
    served.streams().append(metrics::append("account-1", 1)).await.unwrap_err();
    let text = log.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("ERROR") && text.contains("operation=\"append\""), "{text}");
    assert!(text.contains("the database is gone: no route to host"), "{text}");
    assert!(!text.contains("1234"), "{text}");
}

#[tokio::test]
async fn a_call_that_a_caller_got_wrong_is_not_logged() {
    let log = Log::begin();
    let served = Served::new();
    served.streams().delete(DeleteReq::default()).await.unwrap_err();
    served.streams().append(metrics::append("account-1", 1)).await.unwrap();
    assert_eq!(log.text(), "");
}

#[tokio::test]
async fn a_panic_is_logged_with_the_method_it_was_in() {
    let served = Served::new();
    let mut router = calls::panicking(&served);
    for method in ["test.Service/Early", "test.Service/Late"] {
        let log = Log::begin();
        let answer = call(&mut router, &format!("/{method}")).await;
        drop(trailers(answer.into_body()).await);
        let text = log.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(method) && text.contains("INTERNAL"), "{text}");
        assert!(!text.contains("a panic of a test"), "{text}");
    }
}
