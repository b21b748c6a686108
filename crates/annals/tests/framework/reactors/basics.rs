//! What reactors do when nothing goes wrong but restarts.

use annals::*;
use serde::{Deserialize, Serialize};

use super::desk::*;
use crate::stores::{Site, all_events, block_on, on_each_store};

#[test]
fn every_event_is_reacted_to_once_and_in_order_while_nothing_fails() {
    on_each_store(|site| {
        ask(&*site.backend, 0..100);
        let desk = Desk::default();
        let app = start(&site, &desk, Run::background());
        caught_up(&app);
        ask(&*site.backend, 100..150);
        caught_up(&app);
        assert_eq!(desk.notes(), (0..150).collect::<Vec<_>>());
        let status = block_on(app.reactor::<Desk>().unwrap().status()).unwrap();
        assert_eq!((status.lag, status.errors), (Lag::default(), 0));
        assert_eq!(status.state, ProjectionState::CaughtUp);
    });
}

#[test]
fn nothing_is_lost_and_little_repeated_when_it_is_stopped_anywhere() {
    on_each_store(|mut site| {
        let desk = Desk::default();
        for round in 0..7 {
            ask(&*site.backend, round * 10..(round + 1) * 10);
            let (at, pass) = desk.hold();
            let app = start(&site, &desk, Run::background().checkpoint_every(3));
            // Some events pass; during the next one it is told to stop.
            for _ in 0..round {
                at.recv().unwrap();
                pass.send(()).unwrap();
            }
            at.recv().unwrap();
            let stopping = app.clone();
            let stopped = std::thread::spawn(move || block_on(stopping.stop()));
            drop(pass);
            stopped.join().unwrap().unwrap();
            drop((app, at));
            site = site.restart();
        }
        let app = start(&site, &desk, Run::background());
        caught_up(&app);
        // A stop stores the place, so nothing is repeated.
        assert_eq!(desk.notes(), (0..70).collect::<Vec<_>>());
    });
}

#[test]
fn an_effect_before_a_crash_is_repeated_and_none_is_lost() {
    on_each_store(|site| {
        let desk = Desk::default();
        ask(&*site.backend, 0..10);
        let (at, pass) = desk.hold();
        // A checkpoint after more events than there are: a crash finds none stored.
        let app = start(&site, &desk, Run::background().checkpoint_every(100));
        for _ in 0..5 {
            at.recv().unwrap();
            pass.send(()).unwrap();
        }
        at.recv().unwrap();
        // As after kill -9: what the next process finds is what is stored now.
        let key = StateKey::checkpoint(Name::new("reactor/desk/0").unwrap());
        assert_eq!(block_on(site.backend.state(&key)).unwrap(), None);
        let other = crashed_copy(&site);
        let desk_after = Desk::default();
        let app_after = start(&other, &desk_after, Run::background());
        caught_up(&app_after);
        assert_eq!(desk_after.notes(), (0..10).collect::<Vec<_>>());
        drop(pass);
        block_on(app.stop()).unwrap();
    });
}

/// A store with the same events and none of the state.
fn crashed_copy(site: &Site) -> Site {
    let other = site.another();
    for record in all_events(&*site.backend) {
        let event = NewEvent::new(record.event_type, record.data);
        let append = Append::to(record.stream, ExpectedVersion::Any, [event]);
        block_on(other.backend.append(append)).unwrap();
    }
    other
}

#[test]
fn it_begins_where_it_was_told_to_and_stays_with_that() {
    on_each_store(|site| {
        let desk = Desk::default();
        ask(&*site.backend, 0..5);
        let app = start(&site, &desk, Run::background().from(Start::End));
        caught_up(&app);
        block_on(app.stop()).unwrap();
        // These come while it is down, before it has ever had a checkpoint.
        ask(&*site.backend, 5..8);
        let app = start(&site, &desk, Run::background().from(Start::End));
        caught_up(&app);
        assert_eq!(desk.notes(), [5, 6, 7]);
        block_on(app.stop()).unwrap();
        let app = start(&site, &desk, Run::background().from(Start::Beginning));
        caught_up(&app);
        assert_eq!(desk.notes(), [5, 6, 7]);
    });
}

#[test]
fn partitions_keep_the_order_of_a_key_and_go_on_beside_one_that_hangs() {
    on_each_store(|site| {
        let desk = Desk::default();
        ask(&*site.backend, 0..40);
        let key = |event: &Recorded<DeskEvent>| {
            let DeskEvent::Asked { who, .. } = &event.event;
            who.clone()
        };
        let app = start(&site, &desk, Run::background().partitions(8, key));
        caught_up(&app);
        let even: Vec<_> = (0..40).filter(|n| n % 2 == 0).collect();
        let odd: Vec<_> = (0..40).filter(|n| n % 2 == 1).collect();
        assert_eq!((desk.notes_of("even"), desk.notes_of("odd")), (even, odd));
        block_on(app.stop()).unwrap();
        let app = start(&site, &desk, Run::background());
        let told = block_on(app.reactor::<Desk>().unwrap().caught_up(LONG)).unwrap_err();
        assert!(told.to_string().contains("keep the number"), "{told}");
    });
}

/// Answers each question with an event of its own, through a command.
struct Clerk;

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(prefix = "clerk")]
enum ClerkEvent {
    Answered { number: u64 },
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct File;

#[aggregate(stream = "file", key = String)]
impl Aggregate for File {
    type Event = ClerkEvent;

    fn apply(&mut self, _: &ClerkEvent) {}
}

impl Reactor for Clerk {
    type Event = DeskEvent;
    const NAME: &'static str = "clerk";

    async fn react(&self, event: &Recorded<DeskEvent>, app: &Annals) -> Result<(), Nack> {
        let DeskEvent::Asked { number, .. } = &event.event;
        for file in ["a".to_owned(), "b".to_owned()] {
            // Twice, as after a crash between the effect and the checkpoint.
            for _ in 0..2 {
                app.transact::<File, _, std::io::Error, _>(&file, |changes| {
                    changes.emit(ClerkEvent::Answered { number: *number });
                    Ok(())
                })
                .idempotent_by(event)
                .await?;
            }
        }
        Ok(())
    }
}

#[test]
fn commands_of_a_reactor_have_the_event_as_cause_and_take_effect_once() {
    on_each_store(|site| {
        ask(&*site.backend, 0..3);
        let app = Annals::builder().reactor(Clerk, Run::background());
        let app = app.build(site.backend.clone()).unwrap();
        block_on(app.reactor::<Clerk>().unwrap().caught_up(LONG)).unwrap();
        let events = all_events(&*site.backend);
        let (asked, answered): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.event_type.as_str() == "desk.asked");
        assert_eq!(answered.len(), 6);
        for (index, answer) in answered.iter().enumerate() {
            let metadata: serde_json::Value =
                serde_json::from_slice(answer.metadata.as_bytes()).unwrap();
            let cause = asked[index / 2].id.to_string();
            assert_eq!(metadata["$causationId"], cause);
            assert_eq!(metadata["$correlationId"], cause);
        }
    });
}

#[test]
fn of_two_programs_one_reacts_and_the_other_takes_over() {
    let site = Site::memory();
    ask(&*site.backend, 0..5);
    let (first, second) = (Desk::default(), Desk::default());
    let app = start(&site, &first, Run::background());
    caught_up(&app);
    let standby = start(&site, &second, Run::background());
    ask(&*site.backend, 5..9);
    caught_up(&app);
    assert_eq!(second.notes(), [0_u64; 0]);
    block_on(app.stop()).unwrap();
    ask(&*site.backend, 9..12);
    caught_up(&standby);
    assert_eq!(first.notes(), (0..9).collect::<Vec<_>>());
    assert_eq!(second.notes(), [9, 10, 11]);
}

#[test]
fn runs_that_cannot_be_are_refused() {
    for run in [Run::live(), Run::inline()] {
        let builder = Annals::builder().reactor(Desk::default(), run);
        let error = block_on(builder.open("memory:")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("Run::background()"), "{error}");
    }
}
