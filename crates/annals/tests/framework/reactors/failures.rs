//! Reactors that fail.

use annals::*;

use super::desk::*;
use crate::stores::{block_on, on_each_store};

/// All numbers below 20 but these.
fn but(left_out: &[u64]) -> Vec<u64> {
    (0..20).filter(|number| !left_out.contains(number)).collect()
}

#[test]
fn an_event_is_tried_again_after_errors_and_panics() {
    on_each_store(|site| {
        let desk = Desk::default();
        desk.fail(3, 2, Fail::Error);
        desk.fail(7, 2, Fail::Panic);
        ask(&*site.backend, 0..20);
        let app = start(&site, &desk, quick().retry(2));
        caught_up(&app);
        assert_eq!(desk.notes(), but(&[]));
        assert_eq!(block_on(app.reactor::<Desk>().unwrap().status()).unwrap().errors, 4);
    });
}

#[test]
fn what_is_skipped_is_left_out_and_nothing_else() {
    on_each_store(|site| {
        let desk = Desk::default();
        desk.fail(3, u32::MAX, Fail::Error);
        desk.fail(5, u32::MAX, Fail::Skip);
        ask(&*site.backend, 0..20);
        let app = start(&site, &desk, quick().retry(1).then_skip());
        caught_up(&app);
        assert_eq!(desk.notes(), but(&[3, 5]));
    });
}

#[test]
fn a_pause_ends_with_resume_or_a_restart() {
    on_each_store(|site| {
        let desk = Desk::default();
        desk.fail(4, 1, Fail::Pause);
        desk.fail(6, 2, Fail::Error);
        ask(&*site.backend, 0..20);
        let app = start(&site, &desk, quick().retry(1));
        let handle = app.reactor::<Desk>().unwrap();
        let paused = block_on(handle.caught_up(LONG)).unwrap_err();
        assert!(paused.to_string().contains("lunch"), "{paused}");
        assert_eq!(desk.notes(), [0, 1, 2, 3]);
        let status = block_on(handle.status()).unwrap();
        assert!(matches!(status.state, ProjectionState::Paused { .. }), "{status:?}");
        assert_eq!(status.lag.events, 16);
        handle.resume().unwrap();
        // The first pause may be seen until the thread has woken up.
        let paused = loop {
            let paused = block_on(handle.caught_up(LONG)).unwrap_err();
            if !paused.to_string().contains("lunch") {
                break paused;
            }
        };
        assert!(paused.to_string().contains("tried 2 times"), "{paused}");
        block_on(app.stop()).unwrap();
        let app = start(&site, &desk, quick());
        caught_up(&app);
        assert_eq!(desk.notes(), but(&[]));
    });
}

#[test]
fn dead_letters_keep_their_key_waiting_until_they_are_dealt_with() {
    on_each_store(|site| {
        let desk = Desk::default();
        desk.fail(3, 2, Fail::DeadLetter);
        ask(&*site.backend, 0..10);
        let key = |event: &Recorded<DeskEvent>| {
            let DeskEvent::Asked { who, .. } = &event.event;
            who.clone()
        };
        let run = || quick().partitions(2, key).then_dead_letter();
        let app = start(&site, &desk, run());
        caught_up(&app);
        assert_eq!(desk.notes_of("even"), [0, 2, 4, 6, 8]);
        assert_eq!(desk.notes_of("odd"), [1]);
        let handle = app.reactor::<Desk>().unwrap();
        let letters = block_on(handle.dead_letters().list()).unwrap();
        let positions: Vec<_> = letters.iter().map(|letter| letter.position.get()).collect();
        assert_eq!(positions, [3, 5, 7, 9]);
        assert!(letters[0].reason.contains("not me"), "{}", letters[0].reason);
        assert_eq!((letters[0].attempts, letters[1].attempts), (1, 0));
        // A restart sets nothing aside twice.
        block_on(app.stop()).unwrap();
        let app = start(&site, &desk, run());
        caught_up(&app);
        let handle = app.reactor::<Desk>().unwrap();
        assert_eq!(block_on(handle.dead_letters().list()).unwrap(), letters);
        // Not before the first of its key, and that fails once more.
        let error = block_on(handle.dead_letters().retry(&letters[1])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let error = block_on(handle.dead_letters().retry(&letters[0])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Application);
        block_on(handle.dead_letters().retry(&letters[0])).unwrap();
        block_on(handle.dead_letters().discard(&letters[1])).unwrap();
        block_on(handle.dead_letters().retry(&letters[2])).unwrap();
        block_on(handle.dead_letters().retry(&letters[3])).unwrap();
        let gone = block_on(handle.dead_letters().retry(&letters[3])).unwrap_err();
        assert!(gone.to_string().contains("list them again"), "{gone}");
        ask(&*site.backend, [11]);
        caught_up(&app);
        assert_eq!(desk.notes_of("odd"), [1, 3, 7, 9, 11]);
    });
}

#[test]
fn an_event_that_cannot_be_decoded_is_set_aside_at_once() {
    on_each_store(|site| {
        let desk = Desk::default();
        let bad = NewEvent::new(EventType::new(DeskEvent::TYPES[0].name).unwrap(), "{");
        let stream = StreamName::new("desk-1").unwrap();
        ask(&*site.backend, [0]);
        block_on(site.backend.append(Append::to(stream, ExpectedVersion::Any, [bad]))).unwrap();
        ask(&*site.backend, [1]);
        // It would wait for ever if it were tried again.
        let run = Run::background().backoff(LONG, LONG).then_dead_letter();
        let app = start(&site, &desk, run);
        caught_up(&app);
        assert_eq!(desk.notes(), [0, 1]);
        let handle = app.reactor::<Desk>().unwrap();
        let letters = block_on(handle.dead_letters().list()).unwrap();
        assert_eq!((letters.len(), letters[0].part), (1, None));
        assert!(block_on(handle.dead_letters().retry(&letters[0])).is_err());
        block_on(handle.dead_letters().discard(&letters[0])).unwrap();
        assert_eq!(block_on(handle.status()).unwrap().dead_letters, 0);
    });
}
