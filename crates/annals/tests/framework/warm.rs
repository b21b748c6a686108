//! Warm aggregates: whatever somebody else does to the stream between two commands, the next
//! decision is made on what a cold load gives.

use annals::*;

use crate::{
    bank::*,
    stores::{Site, all_events, block_on, on_each_store},
};

/// What somebody else does, and what is left of an account of Ann with deposits of 1, 2 and 4.
fn check(meanwhile: fn(&Site), left: u64) {
    on_each_store(|site| {
        let app = site.app();
        block_on(async {
            app.execute(Open { id: "ann", owner: "Ann" }).await.unwrap();
            for cents in [1, 2, 4] {
                app.execute(Deposit { id: "ann", cents }).await.unwrap();
            }
        });
        meanwhile(&site);
        let decided = balance_after_nothing(&app);
        assert_eq!(decided, left, "decided on");
        assert_eq!(balance_after_nothing(&site.app()), left, "cold");
        // And what is decided on it can be written, again and again.
        for more in 1..=3 {
            let done = block_on(app.transact(&"ann".into(), |state: &mut Changes<'_, Account>| {
                state.emit(Deposited { cents: 100 });
                Ok::<_, BankError>(state.balance)
            }));
            let warm = done.unwrap().output;
            let cold = block_on(site.app().load::<Account>(&"ann".into(), At::Latest)).unwrap();
            let kept = block_on(site.backend.stream_info(&account("ann"))).unwrap();
            if kept.metadata.max_count.is_none() {
                assert_eq!((warm, cold.balance), (left + more * 100, left + more * 100));
            }
        }
    });
}

fn balance_after_nothing(app: &Annals) -> u64 {
    let done = block_on(app.transact(&"ann".into(), |state: &mut Changes<'_, Account>| {
        Ok::<_, BankError>(state.balance)
    }));
    done.unwrap().output
}

fn delete(site: &Site, mode: DeleteMode) {
    let delete = DeleteStream { stream: account("ann"), expected: ExpectedVersion::Any, mode };
    block_on(site.backend.delete_stream(delete)).unwrap();
}

fn settings(site: &Site, metadata: &StreamMetadata) {
    let stream = account("ann");
    let set = site.backend.set_stream_metadata(&stream, ExpectedVersion::Any, metadata);
    block_on(set).unwrap();
}

fn truncate(site: &Site, before: u64) {
    let truncate_before = Some(Version::new(before)).filter(|version| version.get() > 0);
    settings(site, &StreamMetadata { truncate_before, ..StreamMetadata::default() });
}

#[test]
fn nobody_did_anything() {
    check(|_| {}, 7);
}

#[test]
fn somebody_deposited() {
    check(|site| deposit_behind(site.backend.as_ref(), "ann", 8), 15);
}

#[test]
fn the_stream_was_deleted() {
    check(|site| delete(site, DeleteMode::Soft), 0);
}

#[test]
fn the_stream_was_deleted_and_begun_again() {
    let again = |site: &Site| {
        delete(site, DeleteMode::Soft);
        deposit_behind(site.backend.as_ref(), "ann", 8);
    };
    check(again, 8);
}

#[test]
fn the_stream_was_truncated() {
    check(|site| truncate(site, 2), 6);
    check(|site| truncate(site, 3), 4);
}

#[test]
fn the_stream_was_truncated_behind_its_end() {
    check(|site| truncate(site, 4), 0);
}

#[test]
fn a_truncation_was_taken_back() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        for cents in [1, 2, 4] {
            block_on(app.execute(Deposit { id: "ann", cents })).unwrap();
        }
        truncate(&site, 4);
        assert_eq!(balance_after_nothing(&app), 0);
        truncate(&site, 0);
        assert_eq!(balance_after_nothing(&app), 7);
        truncate(&site, 3);
        assert_eq!(balance_after_nothing(&app), 4);
        truncate(&site, 2);
        assert_eq!(balance_after_nothing(&app), 6);
    });
}

#[test]
fn only_the_newest_events_are_kept() {
    let newest = |site: &Site| {
        settings(site, &StreamMetadata { max_count: Some(2), ..StreamMetadata::default() });
    };
    check(newest, 6);
}

#[test]
fn old_events_are_not_kept() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        let one_minute = StreamMetadata { max_age_seconds: Some(60), ..StreamMetadata::default() };
        settings(&site, &one_minute);
        block_on(app.execute(Deposit { id: "ann", cents: 1 })).unwrap();
        site.clock.advance_micros(40_000_000);
        block_on(app.execute(Deposit { id: "ann", cents: 2 })).unwrap();
        assert_eq!(balance_after_nothing(&app), 3);
        site.clock.advance_micros(40_000_000);
        assert_eq!(balance_after_nothing(&app), 2);
    });
}

#[test]
fn the_stream_was_closed_for_good() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        delete(&site, DeleteMode::Tombstone);
        for app in [&app, &site.app()] {
            let failed = block_on(app.execute(Deposit { id: "ann", cents: 1 })).unwrap_err();
            assert_eq!(failed.failure().unwrap().kind(), ErrorKind::StreamDeleted);
        }
        assert!(!block_on(app.exists::<Account>(&"ann".into())).unwrap());
    });
}

#[test]
fn several_accounts_together_see_deletions_as_one_does() {
    on_each_store(|site| {
        let app = site.app();
        let accounts = |app: &Annals| {
            let keys = ("ann".to_owned(), "bob".to_owned());
            let both = block_on(app.load::<(Account, Account)>(&keys, At::Latest));
            both.map(|both| (both.0.balance, both.1.balance))
        };
        for (id, owner) in [("ann", "Ann"), ("bob", "Bob")] {
            block_on(app.execute(Open { id, owner })).unwrap();
            block_on(app.execute(Deposit { id, cents: 50 })).unwrap();
        }
        delete(&site, DeleteMode::Soft);
        assert_eq!(accounts(&app).unwrap(), (0, 50));
        deposit_behind(site.backend.as_ref(), "ann", 8);
        assert_eq!(accounts(&app).unwrap(), (8, 50));
        let transfer = Transfer { from: "ann".into(), to: "bob".into(), cents: 9 };
        let refused = block_on(app.execute(transfer)).unwrap_err();
        assert_eq!(refused.rejection(), Some(&BankError::Insufficient { short: 1 }));
        delete(&site, DeleteMode::Tombstone);
        assert_eq!(accounts(&app).unwrap_err().kind(), ErrorKind::StreamDeleted);
    });
}

#[test]
fn a_deletion_while_two_accounts_are_decided_on_makes_it_decided_again() {
    for mode in [DeleteMode::Soft, DeleteMode::Tombstone] {
        on_each_store(|site| {
            let spy = crate::spy::Spy::on(&site.backend);
            let app = site.app_on(spy.clone());
            block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
            block_on(app.execute(Deposit { id: "ann", cents: 50 })).unwrap();
            let mut once = true;
            spy.before_append(move |backend| {
                if std::mem::take(&mut once) {
                    let (stream, expected) = (account("ann"), ExpectedVersion::Any);
                    let delete = DeleteStream { stream, expected, mode };
                    block_on(backend.delete_stream(delete)).unwrap();
                }
            });
            // Ann's account is only looked at.
            let keys = ("bob".to_owned(), "ann".to_owned());
            let done =
                block_on(app.transact(&keys, |state: &mut Changes<'_, (Account, Account)>| {
                    let cents = state.1.balance;
                    state.emit(Deposited { cents });
                    Ok::<_, BankError>(cents)
                }));
            match mode {
                DeleteMode::Soft => assert_eq!(done.unwrap().output, 0),
                DeleteMode::Tombstone => {
                    let kind = done.unwrap_err().failure().unwrap().kind();
                    assert_eq!(kind, ErrorKind::StreamDeleted);
                    assert_eq!(all_events(site.backend.as_ref()).len(), 3);
                }
            }
        });
    }
}
