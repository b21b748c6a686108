//! States of the past: what counts at each kind of moment, with and without snapshots.

use annals::*;
use proptest::prelude::*;

use crate::{
    bank::*,
    spy::Spy,
    stores::{DAY_MICROS, START, Site, block_on, day, on_each_store},
};

fn balance(app: &Annals, at: At) -> u64 {
    block_on(app.load::<Account>(&"ann".into(), at)).unwrap().balance
}

fn deposit_at(app: &Annals, time: Option<Timestamp>, cents: u64) {
    let deposit = app.transact(&"ann".into(), move |state: &mut Changes<'_, Account>| {
        match time {
            Some(time) => state.emit_happened(time, Deposited { cents }),
            None => state.emit(Deposited { cents }),
        };
        Ok::<_, BankError>(())
    });
    block_on(deposit).unwrap();
}

/// Deposits of 1, 2, 4 and 8 cents on the days 0 to 3, and on day 4 one of 16 cents that happened
/// on day 1.
fn four_days(site: &Site) -> Annals {
    let app = site.app();
    for number in 0..4 {
        site.clock.set(day(number));
        deposit_at(&app, None, 1 << number);
        deposit_behind(site.backend.as_ref(), "bob", 1_000);
    }
    site.clock.set(day(4));
    deposit_at(&app, Some(day(1)), 16);
    app
}

#[test]
fn a_version_counts_with_all_before_it() {
    on_each_store(|site| {
        let app = four_days(&site);
        let at = |version| balance(&app, At::Version(Version::new(version)));
        assert_eq!([at(0), at(1), at(3), at(4), at(99)], [1, 3, 15, 31, 31]);
        let root = block_on(app.load::<Account>(&"ann".into(), At::Version(Version::new(2))));
        assert_eq!(root.unwrap().version(), Some(Version::new(2)));
    });
}

#[test]
fn a_position_counts_whatever_stream_it_belongs_to() {
    on_each_store(|site| {
        let app = four_days(&site);
        let at = |position| balance(&app, At::Position(Position::new(position)));
        assert_eq!([at(0), at(1), at(2), at(3), at(7), at(8), at(99)], [1, 1, 3, 3, 15, 31, 31]);
    });
}

#[test]
fn what_was_known_is_cut_by_when_it_was_recorded() {
    on_each_store(|site| {
        let app = four_days(&site);
        let at = |time| balance(&app, At::Recorded(time));
        assert_eq!(
            [at(day(-1)), at(day(0)), at(day(1)), at(day(3)), at(day(4))],
            [0, 1, 3, 15, 31]
        );
        let just_before = Timestamp::from_micros(day(1).as_micros() - 1);
        assert_eq!([at(just_before), at(day(1_000))], [1, 31]);
    });
}

#[test]
fn what_was_so_is_chosen_by_when_it_happened() {
    on_each_store(|site| {
        let app = four_days(&site);
        let at = |time| balance(&app, At::Time(time));
        // Recorded on day 4, the 16 cents count from day 1 on.
        assert_eq!(
            [at(day(-1)), at(day(0)), at(day(1)), at(day(2)), at(day(3))],
            [0, 1, 19, 23, 31]
        );
    });
}

/// The order stays that of versions, also when it is not that of times.
#[test]
fn backdated_events_are_folded_in_the_order_of_versions() {
    on_each_store(|site| {
        let app = site.app();
        for (owner, time) in [("Ann", 2), ("Bea", 0), ("Cyd", 1)] {
            let open = app.transact(&"ann".into(), move |state: &mut Changes<'_, Account>| {
                state.emit_happened(day(time), Opened { owner: owner.into() });
                Ok::<_, BankError>(())
            });
            block_on(open).unwrap();
        }
        let owner = |time| {
            let root = block_on(app.load::<Account>(&"ann".into(), At::Time(day(time)))).unwrap();
            (root.owner.clone(), root.version().map(Version::get))
        };
        assert_eq!(owner(0), ("Bea".into(), Some(1)));
        assert_eq!(owner(1), ("Cyd".into(), Some(2)));
        assert_eq!(owner(2), ("Cyd".into(), Some(2)));
    });
}

#[test]
fn recorded_times_do_not_go_back_with_the_clock() {
    on_each_store(|site| {
        let app = site.app();
        site.clock.set(day(5));
        deposit_at(&app, None, 1);
        site.clock.set(day(2));
        deposit_at(&app, None, 2);
        site.clock.set(day(6));
        deposit_at(&app, None, 4);
        let at = |time| balance(&app, At::Recorded(time));
        assert_eq!([at(day(2)), at(day(4)), at(day(5)), at(day(6))], [0, 0, 3, 7]);
    });
}

#[test]
fn several_accounts_are_looked_at_at_one_moment() {
    on_each_store(|site| {
        let app = four_days(&site);
        let keys = ("ann".to_owned(), "bob".to_owned());
        let at = |at| {
            let both = block_on(app.load::<(Account, Account)>(&keys, at)).unwrap();
            (both.0.balance, both.1.balance)
        };
        assert_eq!(at(At::Position(Position::new(2))), (3, 1_000));
        assert_eq!(at(At::Recorded(day(1))), (3, 2_000));
        assert_eq!(at(At::Time(day(1))), (19, 2_000));
        assert_eq!(at(At::Latest), (31, 4_000));
        let version = At::Version(Version::FIRST);
        let refused = block_on(app.load::<(Account, Account)>(&keys, version)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn only_what_the_moment_allows_is_read() {
    on_each_store(|site| {
        four_days(&site);
        let spy = Spy::on(&site.backend);
        let app = site.app_on(spy.clone());
        balance(&app, At::Version(Version::new(2)));
        assert_eq!(spy.take_stretches(), [(Some(0), Some(2))]);
        let keys = ("ann".to_owned(), "bob".to_owned());
        let at = At::Position(Position::new(3));
        block_on(app.load::<(Account, Account)>(&keys, at)).unwrap();
        let Some(Read::All(read)) = spy.take_reads().pop() else { panic!("nothing was read") };
        assert_eq!(read.to, Some(Position::new(3)));
    });
}

/// What happened, in microseconds after the start, when it was recorded, and how much.
fn deposits() -> impl Strategy<Value = Vec<(Option<i64>, i64, u64)>> {
    let one = (prop::option::of(-5..15_i64), -2..4_i64, 1..100_u64);
    prop::collection::vec(one, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn loading_and_history_agree_with_counting(deposits in deposits(), moment in -8..30_i64) {
        let site = Site::memory();
        let app = site.app();
        let micros = |days: i64| Timestamp::from_micros(START.as_micros() + days * DAY_MICROS);
        for (time, passed, cents) in deposits {
            site.clock.advance_micros(passed * DAY_MICROS);
            deposit_at(&app, time.map(micros), cents);
        }
        let events = crate::stores::all_events(site.backend.as_ref());
        let number = u64::try_from(moment).unwrap_or(0);
        let history = block_on(app.history::<Account>(&"ann".into())).unwrap();
        prop_assert_eq!(history.len(), events.len());
        let moments = [
            At::Latest, At::Version(Version::new(number)), At::Position(Position::new(number)),
            At::Recorded(micros(moment)), At::Time(micros(moment)),
        ];
        for at in moments {
            let counts = |event: &&RecordedEvent| match at {
                At::Latest => true,
                At::Version(version) => event.version <= version,
                At::Position(position) => event.position <= position,
                At::Recorded(time) => event.recorded_at <= time,
                At::Time(time) => event.time <= time,
            };
            let cents = |event: &RecordedEvent| {
                let data: serde_json::Value = serde_json::from_slice(&event.data).unwrap();
                data["cents"].as_u64().unwrap()
            };
            let expected: u64 = events.iter().filter(counts).map(cents).sum();
            prop_assert_eq!(balance(&app, at), expected, "{:?}", at);
            prop_assert_eq!(history.state(at).unwrap().balance, expected, "{:?}", at);
        }
    }
}
