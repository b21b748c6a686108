//! What projections do when nothing goes wrong.

use annals::*;
use futures_lite::future::block_on;

use super::bank::*;
use crate::tables::Tables;

#[test]
fn a_projection_catches_up_and_follows() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, deposits(700));
        let app = start(&backend, &sqlite, &Faults::default(), Run::background().batch(64));
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
        for _ in 0..20 {
            append(&*backend, deposits(3));
            fresh(&app);
            assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
        }
        let status = status(&app);
        assert_eq!(status.state, ProjectionState::CaughtUp);
        assert_eq!((status.lag, status.errors), (Lag::default(), 0));
        stop(&app);
    }
}

#[test]
fn a_projection_that_was_stopped_goes_on_where_it_was() {
    for (backend, sqlite, _dir) in stores() {
        for round in 0..5 {
            append(&*backend, deposits(50));
            let app = start(&backend, &sqlite, &Faults::default(), Run::background());
            if round % 2 == 0 {
                fresh(&app);
            }
            stop(&app);
        }
        let app = start(&backend, &sqlite, &Faults::default(), Run::background());
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}

#[test]
fn events_of_other_types_leave_nothing_behind() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, deposits(2));
        append(&*backend, [NewEvent::new(EventType::new("other.thing").unwrap(), "{}")]);
        let app = start(&backend, &sqlite, &Faults::default(), Run::background());
        fresh(&app);
        assert_eq!(rows(&sqlite).len(), 2);
        assert_eq!(status(&app).lag, Lag::default());
    }
}

#[test]
fn the_same_name_twice_is_refused() {
    let sqlite = Tables::in_memory();
    let builder = Annals::builder()
        .projection(Balances::<1>::default(), &sqlite, Run::background())
        .projection(Balances::<2>::default(), &sqlite, Run::background());
    let error = block_on(builder.open("memory:")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn runs_that_cannot_be_are_refused_with_a_way_out() {
    for run in [Run::live(), Run::inline()] {
        let sqlite = Tables::in_memory();
        let builder = Annals::builder().projection(Balances::<1>::default(), &sqlite, run);
        let error = block_on(builder.open("memory:")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("Run::background()"), "{error}");
    }
}
