//! New versions and rebuilds beside the documents in use.

use std::sync::Arc;

use annals::*;
use serde::{Deserialize, Serialize};

use super::bank::*;
use crate::stores::{block_on, on_each_store};

/// The second version of the same view: it counts, and its field is required.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Counted {
    events: u64,
}

#[view(name = "accounts", version = 2)]
impl View for Counted {
    type Key = String;
    type Event = BankEvent;

    fn route(event: &Recorded<BankEvent>) -> Keys<String> {
        Account::route(event)
    }

    fn apply(&mut self, _: &Recorded<BankEvent>) -> Keep {
        self.events += 1;
        Keep::Keep
    }
}

/// The first version again, with other code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Changed {
    cents: i64,
}

#[view(name = "accounts", version = 1)]
impl View for Changed {
    type Key = String;
    type Event = BankEvent;

    fn route(event: &Recorded<BankEvent>) -> Keys<String> {
        Account::route(event)
    }

    fn apply(&mut self, _: &Recorded<BankEvent>) -> Keep {
        self.cents += 1_000;
        Keep::Keep
    }
}

#[test]
fn a_rebuild_runs_beside_the_view_while_events_come() {
    on_each_store(|site| {
        let db = site.tables();
        append(&*site.backend, &story(300));
        let app = start(&site, &db, Run::background().batch(16));
        block_on(app.view::<Account>().fresh(LONG)).unwrap();
        let handle = app.view::<Account>().projection().unwrap();
        let model = block_on(handle.rebuild()).unwrap();
        for event in story(60) {
            append(&*site.backend, &[event]);
            assert_eq!(documents(&app), replayed(&app));
        }
        block_on(handle.switched(&model, LONG)).unwrap();
        assert_eq!(documents(&app), replayed(&app));
        let dropped = block_on(handle.drop_old()).unwrap();
        assert_eq!(dropped.len(), 1);
        assert_eq!(documents(&app), replayed(&app));
    });
}

#[test]
fn a_new_version_replaces_the_documents_when_it_has_caught_up() {
    on_each_store(|site| {
        let db = site.tables();
        append(&*site.backend, &story(100));
        let app = start(&site, &db, Run::background());
        documents(&app);
        block_on(app.stop()).unwrap();
        let app = Annals::builder().view::<Counted>(&db, Run::background());
        let app = app.build(Arc::clone(&site.backend)).unwrap();
        let (view, ann) = (app.view::<Counted>(), "ann".to_owned());
        let handle = view.projection().unwrap();
        let next = Model { projection: "accounts".to_owned(), version: 2, generation: 0 };
        block_on(handle.switched(&next, LONG)).unwrap();
        let counted = block_on(view.get(&ann).fresh(LONG)).unwrap();
        assert_eq!(counted, block_on(view.get(&ann).at(At::Position(Position::new(99)))).unwrap());
        assert!(counted.unwrap().events > 20);
    });
}

#[test]
fn documents_of_an_old_version_that_do_not_fit_say_what_to_do() {
    on_each_store(|site| {
        let db = site.tables();
        append(&*site.backend, &[deposited("ann", 1)]);
        let app = start(&site, &db, Run::background());
        documents(&app);
        block_on(app.stop()).unwrap();
        // A paused second version never replaces the first.
        let bad = NewEvent::new(EventType::new("bank.Deposited").unwrap(), "{");
        let bad = NewEvent { event_type: EventType::new(BankEvent::TYPES[0].name).unwrap(), ..bad };
        let stream = StreamName::new("bank-1").unwrap();
        block_on(site.backend.append(Append::to(stream, ExpectedVersion::Any, [bad]))).unwrap();
        let app = Annals::builder().view::<Counted>(&db, Run::background());
        let app = app.build(Arc::clone(&site.backend)).unwrap();
        let (view, ann) = (app.view::<Counted>(), "ann".to_owned());
        let read = block_on(view.get(&ann).fresh(LONG).or_stale()).unwrap_err();
        assert_eq!(read.kind(), ErrorKind::Undecodable);
        assert!(read.to_string().contains("raise the version"), "{read}");
    });
}

#[test]
fn other_code_under_the_same_version_is_reported_and_changes_nothing() {
    on_each_store(|site| {
        let db = site.tables();
        append(&*site.backend, &[deposited("ann", 1)]);
        let app = start(&site, &db, Run::background());
        documents(&app);
        let handle = app.view::<Account>().projection().unwrap();
        assert!(!block_on(handle.status()).unwrap().has_other_code);
        block_on(app.stop()).unwrap();
        let app = Annals::builder().view::<Changed>(&db, Run::background());
        let app = app.build(Arc::clone(&site.backend)).unwrap();
        let (view, ann) = (app.view::<Changed>(), "ann".to_owned());
        let handle = view.projection().unwrap();
        assert!(block_on(handle.status()).unwrap().has_other_code);
        assert_eq!(block_on(view.get(&ann).fresh(LONG)).unwrap(), Some(Changed { cents: 1 }));
        // Asked to, it is made anew by the code of today.
        let model = loop {
            match block_on(handle.rebuild()) {
                Ok(model) => break model,
                // The runner has not begun.
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
            }
        };
        block_on(handle.switched(&model, LONG)).unwrap();
        assert_eq!(block_on(view.get(&ann).fresh(LONG)).unwrap(), Some(Changed { cents: 1_000 }));
        assert!(!block_on(handle.status()).unwrap().has_other_code);
    });
}
