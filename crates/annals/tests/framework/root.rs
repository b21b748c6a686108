//! Aggregates held by hand: emit, save, replay.

use annals::*;

use crate::{
    bank::*,
    stores::{all_events, block_on, on_each_store},
};

#[test]
fn a_root_is_saved_twice_in_a_row_and_saving_nothing_is_nothing() {
    on_each_store(|site| {
        let app = site.app();
        block_on(async {
            let mut root = app.load::<Account>(&"ann".into(), At::Latest).await.unwrap();
            assert_eq!((root.version(), root.position()), (None, None));
            assert_eq!(app.save(&mut root).await.unwrap(), None);
            root.emit(&Opened { owner: "Ann".into() }).unwrap();
            root.emit(&Deposited { cents: 5 }).unwrap();
            assert_eq!((root.uncommitted(), root.balance), (2, 5));
            assert_eq!(app.save(&mut root).await.unwrap(), Some(Position::new(1)));
            assert_eq!((root.uncommitted(), root.version()), (0, Some(Version::new(1))));
            assert_eq!(app.save(&mut root).await.unwrap(), None);
            root.emit(&Withdrawn { cents: 2 }).unwrap();
            assert_eq!(app.save(&mut root).await.unwrap(), Some(Position::new(2)));
            assert_eq!(root.version(), Some(Version::new(2)));
            let loaded = app.load::<Account>(&"ann".into(), At::Latest).await.unwrap();
            assert_eq!(loaded.state(), root.state());
        });
    });
}

#[test]
fn a_root_of_two_accounts_is_saved_twice_while_others_write_elsewhere() {
    on_each_store(|site| {
        let app = site.app();
        block_on(async {
            let keys = ("ann".to_owned(), "bob".to_owned());
            let mut root = app.load::<(Account, Account)>(&keys, At::Latest).await.unwrap();
            for cents in [3, 4] {
                deposit_behind(site.backend.as_ref(), "cyd", 1);
                root.emit(&Deposited { cents }).unwrap();
                app.save(&mut root).await.unwrap();
            }
            assert_eq!(root.0.balance, 7);
            // Somebody else at one of the two: refused.
            deposit_behind(site.backend.as_ref(), "bob", 1);
            root.emit(&Deposited { cents: 5 }).unwrap();
            let refused = app.save(&mut root).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ConditionFailed);
        });
    });
}

#[test]
fn a_root_that_somebody_else_was_faster_than_is_refused_and_writes_nothing() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        let mut root = block_on(app.load::<Account>(&"ann".into(), At::Latest)).unwrap();
        deposit_behind(site.backend.as_ref(), "ann", 1);
        root.emit(&Deposited { cents: 5 }).unwrap();
        let refused = block_on(app.save(&mut root)).unwrap_err();
        let facts = refused.wrong_expected_version().unwrap();
        assert_eq!(
            (facts.expected, facts.actual),
            (ExpectedVersion::Exact(Version::FIRST), Some(Version::new(1)))
        );
        assert_eq!(root.uncommitted(), 1);
        assert_eq!(all_events(site.backend.as_ref()).len(), 2);
    });
}

#[test]
fn a_state_of_the_past_cannot_be_saved() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        let moments = [
            At::Version(Version::FIRST),
            At::Position(Position::FIRST),
            At::Recorded(site.clock.now()),
            At::Time(site.clock.now()),
        ];
        for at in moments {
            let mut root = block_on(app.load::<Account>(&"ann".into(), at)).unwrap();
            root.emit(&Deposited { cents: 5 }).unwrap();
            let refused = block_on(app.save(&mut root)).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{at:?}");
        }
        assert_eq!(all_events(site.backend.as_ref()).len(), 1);
    });
}

#[test]
fn a_history_is_replayed_in_order_and_a_foreign_event_is_refused() {
    on_each_store(|site| {
        let app = site.app();
        block_on(async {
            app.execute(Open { id: "ann", owner: "Ann" }).await.unwrap();
            app.execute(Deposit { id: "ann", cents: 5 }).await.unwrap();
            app.execute(Open { id: "bob", owner: "Bob" }).await.unwrap();
        });
        let events = all_events(site.backend.as_ref());
        let upcasters = Upcasters::new();
        let mut root = Root::<Account>::new(&"ann".into()).unwrap();
        root.replay(&events[0], &upcasters).unwrap();
        let refused = |root: &mut Root<Account>, event| {
            let error = root.replay(event, &upcasters).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            error.to_string()
        };
        let foreign = refused(&mut root, &events[2]);
        assert!(foreign.contains("belongs to `account-bob`, not to `account-ann`"), "{foreign}");
        let again = refused(&mut root, &events[0]);
        assert!(again.contains("not newer"), "{again}");
        root.replay(&events[1], &upcasters).unwrap();
        let backward = refused(&mut root, &events[0]);
        assert!(backward.contains("not newer"), "{backward}");
        assert_eq!((root.balance, root.version()), (5, Some(Version::new(1))));
        // What was replayed is what was loaded, so it can be gone on from.
        root.emit(&Deposited { cents: 2 }).unwrap();
        block_on(app.save(&mut root)).unwrap();
        let loaded = block_on(app.load::<Account>(&"ann".into(), At::Latest)).unwrap();
        assert_eq!(loaded.state(), root.state());
    });
}

#[test]
fn a_key_that_makes_no_stream_name_is_an_error() {
    on_each_store(|site| {
        let app = site.app();
        let long = "x".repeat(limits::STREAM_NAME_BYTES_MAX);
        for key in [long, "a\nb".to_owned()] {
            let error = block_on(app.load::<Account>(&key, At::Latest)).unwrap_err();
            assert!(
                [ErrorKind::InvalidArgument, ErrorKind::TooLarge].contains(&error.kind()),
                "{error}"
            );
        }
    });
}
