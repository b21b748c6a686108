//! What a server writes into its log, and what it never does.

use std::{
    cell::RefCell,
    io::{self, Write},
    sync::Once,
};

use annals_proto::kurrentdb::streams::DeleteReq;

use super::{Served, call, calls, metrics, trailers};

thread_local! {
    /// What this thread has logged since its log began. A test has a thread for itself.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes to the log of the thread that logs, if it has one.
struct ToThread;

impl Write for ToThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.as_mut().map(|lines| lines.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One log for all tests, there before anything is logged: what is logged first while nobody
/// listens may be taken for something that nobody ever wants.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing_subscriber::fmt().with_writer(|| ToThread).with_ansi(false).init();
    });
}

/// The log of this thread.
struct Log;

impl Log {
    fn begin() -> Self {
        install();
        LINES.set(Some(Vec::new()));
        Self
    }

    fn text(&self) -> String {
        LINES.with_borrow(|lines| String::from_utf8(lines.clone().unwrap()).unwrap())
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
    assert!(!text.contains("qz"), "{text}");
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
