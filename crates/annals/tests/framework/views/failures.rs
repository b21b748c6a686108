//! Views that cannot be what they should.

use annals::*;

use super::bank::*;
use crate::stores::{Site, block_on, on_each_store};

/// Waits between retries that are not worth noticing.
fn quick() -> Run<BankEvent> {
    let moment = std::time::Duration::from_millis(1);
    Run::background().backoff(moment, moment)
}

#[test]
fn a_document_that_cannot_be_written_is_blamed_on_its_event() {
    on_each_store(|site| {
        let db = site.tables();
        let mut events = story(60);
        events.insert(33, deposited("rich", 10_000));
        events.insert(40, deposited("rich", 1));
        append(&*site.backend, &events);
        let app = start(&site, &db, quick().retry(1).then_dead_letter());
        block_on(app.view::<Account>().fresh(LONG)).unwrap();
        let handle = app.projection_named("accounts").unwrap();
        let letters = block_on(handle.dead_letters().list()).unwrap();
        let positions: Vec<_> = letters.iter().map(|letter| letter.position.get()).collect();
        assert_eq!(positions, [33]);
        assert!(letters[0].reason.contains("too much for this document"), "{}", letters[0].reason);
        // It still cannot be written, and the log can be folded without writing.
        block_on(handle.dead_letters().retry(&letters[0])).unwrap_err();
        let mut expected = replayed(&app);
        let rich = &mut expected.last_mut().unwrap().1;
        (rich.cents, rich.log) = (1, "40 ".to_owned());
        assert_eq!(documents(&app), expected);
    });
}

#[test]
fn a_fold_that_panics_pauses_the_view_and_stale_documents_can_be_read() {
    on_each_store(|site| {
        let db = site.tables();
        append(&*site.backend, &[deposited("ann", 3), deposited("ann", -5), deposited("ann", 9)]);
        let app = start(&site, &db, quick().retry(0));
        let (view, ann) = (app.view::<Account>(), "ann".to_owned());
        let error = block_on(view.get(&ann).fresh(LONG)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("nobody owes anything here"), "{error}");
        let stale = block_on(view.get(&ann).fresh(LONG).or_stale()).unwrap();
        assert_eq!(stale.unwrap().cents, 3);
        let error = block_on(view.get(&ann).at(At::Position(Position::new(1)))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Application);
        let before = block_on(view.get(&ann).at(At::Position(Position::new(0)))).unwrap();
        assert_eq!(before.unwrap().cents, 3);
    });
}

#[test]
fn a_view_that_is_behind_times_out_unless_stale_will_do() {
    on_each_store(|site| {
        let db = site.tables();
        let app = start(&site, &db, Run::background());
        append(&*site.backend, &[deposited("ann", 3)]);
        let (view, ann) = (app.view::<Account>(), "ann".to_owned());
        block_on(view.fresh(LONG)).unwrap();
        // Whoever holds the database for writing holds up the view.
        let held = block_on(ReadStore::begin(&db)).unwrap();
        append(&*site.backend, &[deposited("ann", 4)]);
        if site.name == "embedded" {
            let moment = std::time::Duration::from_millis(20);
            let error = block_on(view.get(&ann).fresh(moment)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout);
            let stale = block_on(view.get(&ann).fresh(moment).or_stale()).unwrap();
            assert_eq!(stale.unwrap().cents, 3);
        }
        drop(held);
        assert_eq!(block_on(view.get(&ann).fresh(LONG)).unwrap().unwrap().cents, 7);
    });
}

#[test]
fn what_cannot_be_is_refused_with_a_way_out() {
    let site = Site::memory();
    let db = site.tables();
    let inline = Annals::builder().view::<Account>(&db, Run::inline());
    let error = inline.build(site.backend.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("Run::background()"), "{error}");
    let twice = Annals::builder().live_view::<Account>().live_view::<Account>();
    let error = twice.build(site.backend.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let error = block_on(site.app().view::<Account>().get(&"ann".to_owned())).unwrap_err();
    assert!(error.to_string().contains("register it"), "{error}");
}
