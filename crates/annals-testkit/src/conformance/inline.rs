//! Inline work: what others write in the transaction of an append is there with its events, or
//! neither is.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use annals_core::{
    Append, BoxFuture, Error, ErrorKind,
    ExpectedVersion::{Any as AnyVersion, NoStream},
    Inline, RecordedEvent, Result, StreamMetadata,
};

use crate::{
    Notebook, Store,
    case::cases,
    shown, transfer,
    words::{event, events, name, stream, tagged, tags},
};

cases! { "inline", needs [Inline, MultiStream, Conditions]:
    what_is_written_is_there_when_the_append_returns,
    events_are_seen_as_everybody_reads_them,
    every_kind_of_event_is_seen_once_and_in_order,
    a_refused_append_leaves_nothing,
    work_that_fails_refuses_its_append_with_its_reason,
    work_that_fails_refuses_no_other_append,
    a_retry_is_not_worked_on_again,
    all_that_is_installed_works_in_order_or_nothing_does,
    work_begins_with_the_next_append_and_ends_with_the_handle,
    work_that_refuses_the_store_is_not_installed,
    a_closed_store_takes_no_work,
}

/// What no work takes.
const BAD: &str = "bad";
/// Why.
const REASON: &str = "nobody writes this down";

/// Notes every event, and then takes none of the type [`BAD`].
#[derive(Debug)]
struct Notes {
    notebook: Arc<dyn Notebook>,
    /// What the lines begin with.
    mark: &'static str,
}

impl Inline for Notes {
    fn apply<'a>(
        &'a self,
        events: &'a [RecordedEvent],
        transaction: &'a mut (dyn Any + Send),
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for event in events {
                self.notebook.write(transaction, line(self.mark, event)).await?;
                if event.event_type.as_str() == BAD {
                    return Err(Error::new(ErrorKind::Application, REASON));
                }
            }
            Ok(())
        })
    }
}

fn line(mark: &str, event: &RecordedEvent) -> String {
    format!("{mark}{} {}", event.position, shown::event(event))
}

/// Installs work that notes every event.
fn install(store: &Store, mark: &'static str) -> Arc<dyn Notebook> {
    let notebook = store.notebook();
    let work = Notes { notebook: Arc::clone(&notebook), mark };
    store.backend().install_inline(Arc::new(work)).expect("the backend takes inline work");
    notebook
}

/// The notebook has a line for each stored event, in their order, and no other.
#[track_caller]
fn check_notes(store: &Store, notebook: &dyn Notebook) {
    let stored = transfer::events(store.backend().as_ref());
    let expected: Vec<String> = stored.iter().map(|event| line("", event)).collect();
    assert_eq!(lines(notebook), expected);
}

#[track_caller]
fn lines(notebook: &dyn Notebook) -> Vec<String> {
    notebook.lines().expect("the notebook can be read")
}

fn what_is_written_is_there_when_the_append_returns(store: &Store) {
    let notebook = install(store, "");
    for number in 0..5 {
        store.write("s", ["a", "b"]);
        assert_eq!(lines(&*notebook).len(), 2 * (number + 1));
        check_notes(store, &*notebook);
    }
}

/// Keeps what it is given.
#[derive(Debug, Default)]
struct Given(Mutex<Vec<RecordedEvent>>);

impl Inline for Given {
    fn apply<'a>(
        &'a self,
        events: &'a [RecordedEvent],
        _: &'a mut (dyn Any + Send),
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(events);
            Ok(())
        })
    }
}

fn events_are_seen_as_everybody_reads_them(store: &Store) {
    let given = Arc::new(Given::default());
    store.backend().install_inline(Arc::<Given>::clone(&given)).expect("it takes inline work");
    let with_all = tagged("a", ["x", "y"])
        .with_metadata(annals_core::Metadata::new(r#"{ "$correlationId": "c-1" }"#));
    store.append_to("s", NoStream, [with_all, event("b")]);
    store.append(Append::interleaved(
        AnyVersion,
        ["t", "s", "t"].map(|name| (stream(name), event("c"))),
    ));
    let given = given.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(given, transfer::events(store.backend().as_ref()));
}

fn every_kind_of_event_is_seen_once_and_in_order(store: &Store) {
    let notebook = install(store, "");
    store.append(Append::interleaved(
        AnyVersion,
        ["t", "s", "t", "s"].map(|name| (stream(name), event("a"))),
    ));
    store.settings("s", &StreamMetadata { max_count: Some(1), ..StreamMetadata::default() });
    store.delete("t");
    store.write("t", ["again"]);
    store.tombstone("s");
    check_notes(store, &*notebook);
}

fn a_refused_append_leaves_nothing(store: &Store) {
    let notebook = install(store, "");
    store.append_to("s", NoStream, [tagged("a", ["x"])]);
    let before = lines(&*notebook);
    store.refuse_version(Append::to(stream("s"), NoStream, [event("b")]), "s", Some(0));
    let conditional = Append::to(stream("t"), AnyVersion, [event("b")]).unless(tags(["x"]), None);
    store.refuse(conditional, ErrorKind::ConditionFailed);
    assert_eq!(lines(&*notebook), before);
}

fn work_that_fails_refuses_its_append_with_its_reason(store: &Store) {
    let notebook = install(store, "");
    store.write("s", ["a"]);
    let head = store.head().expect("it holds an event");
    let all = Append::to(stream("s"), AnyVersion, events(["b", BAD, "c"]));
    let all = all.checkpoint(name("reader"), head);
    for append in [all.clone(), all] {
        let error = store.refuse(append, ErrorKind::Application);
        assert!(error.to_string().contains(REASON), "{error}");
    }
    assert_eq!(store.checkpoint("reader"), None, "nothing of the append is stored");
    store.check_all("s:a@0");
    store.write("s", ["d"]);
    store.check_stream("s", "s:a@0 s:d@1");
    check_notes(store, &*notebook);
}

fn work_that_fails_refuses_no_other_append(store: &Store) {
    let notebook = install(store, "");
    let (threads, turns) = (8, 6);
    thread::scope(|scope| {
        for number in 0..threads {
            scope.spawn(move || {
                for turn in 0..turns {
                    let is_bad = (number + turn) % 3 == 0;
                    let of_type = if is_bad { BAD } else { "good" };
                    let to = stream(&format!("s-{number}"));
                    let done = store.try_append(Append::to(to, AnyVersion, [event(of_type)]));
                    let kind = done.map(drop).map_err(|error| error.kind());
                    let expected = if is_bad { Err(ErrorKind::Application) } else { Ok(()) };
                    assert_eq!(kind, expected);
                }
            });
        }
    });
    let stored = transfer::events(store.backend().as_ref());
    assert_eq!(stored.len(), threads * turns * 2 / 3);
    assert!(stored.iter().all(|event| event.event_type.as_str() == "good"));
    check_notes(store, &*notebook);
}

fn a_retry_is_not_worked_on_again(store: &Store) {
    let notebook = install(store, "");
    for expected in [AnyVersion, NoStream] {
        let append = Append::to(stream(&format!("{expected}")), expected, events(["a", "b"]));
        assert!(!store.append(append.clone()).duplicate);
        for _ in 0..2 {
            assert!(store.append(append.clone()).duplicate);
        }
    }
    check_notes(store, &*notebook);
    assert_eq!(lines(&*notebook).len(), 4);
}

fn all_that_is_installed_works_in_order_or_nothing_does(store: &Store) {
    let notebook = install(store, "first ");
    install(store, "second ");
    store.write("s", ["a"]);
    assert_eq!(lines(&*notebook), ["first 0 s:a@0", "second 0 s:a@0"]);
    store.refuse(Append::to(stream("s"), AnyVersion, [event(BAD)]), ErrorKind::Application);
    assert_eq!(lines(&*notebook).len(), 2);
}

fn work_begins_with_the_next_append_and_ends_with_the_handle(store: &Store) {
    store.write("s", ["before"]);
    let notebook = install(store, "");
    assert!(lines(&*notebook).is_empty(), "what was stored before is not seen");
    store.write("s", ["a"]);
    assert_eq!(lines(&*notebook), ["1 s:a@1"]);
    if store.backend().capabilities().store_durable {
        store.reopen();
        store.write("s", ["after"]);
        assert_eq!(lines(&*store.notebook()), ["1 s:a@1"]);
    }
}

/// Wants another store, whichever it is, and takes no event.
#[derive(Debug)]
struct Choosy;

impl Inline for Choosy {
    fn join(&self, store: &str) -> Result<()> {
        assert!(!store.is_empty(), "a store has a name");
        Err(Error::invalid(REASON))
    }

    fn apply<'a>(
        &'a self,
        _: &'a [RecordedEvent],
        _: &'a mut (dyn Any + Send),
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Err(Error::new(ErrorKind::Application, REASON)) })
    }
}

fn work_that_refuses_the_store_is_not_installed(store: &Store) {
    let refused = store.backend().install_inline(Arc::new(Choosy)).expect_err("it is refused");
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.to_string().contains(REASON), "{refused}");
    store.write("s", ["a"]);
    store.check_all("s:a@0");
}

fn a_closed_store_takes_no_work(store: &Store) {
    let backend = store.backend();
    let work = Arc::new(Given::default());
    futures_lite::future::block_on(backend.close()).expect("the store closes");
    let refused = backend.install_inline(work).expect_err("the store is closed");
    assert_eq!(refused.kind(), ErrorKind::Closed);
}
