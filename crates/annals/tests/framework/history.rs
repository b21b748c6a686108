//! Histories: what each event changed, who set a field last, what differs between two moments.

use annals::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    bank::*,
    stores::{Site, block_on, day, on_each_store},
};

fn history(app: &Annals) -> History<Account> {
    block_on(app.history(&"ann".into())).unwrap()
}

/// Opened by Bob, 100 deposited by Ann, 30 withdrawn by nobody known.
fn a_short_life(site: &Site) -> Annals {
    let app = site.app();
    block_on(app.execute(Open { id: "ann", owner: "Ann" }).by("bob")).unwrap();
    site.clock.set(day(1));
    block_on(app.execute(Deposit { id: "ann", cents: 100 }).by("ann")).unwrap();
    site.clock.set(day(2));
    block_on(app.execute(Withdraw { id: "ann", cents: 30 })).unwrap();
    app
}

#[test]
fn each_step_has_its_event_its_changes_and_its_state() {
    on_each_store(|site| {
        let history = history(&a_short_life(&site));
        let steps: Vec<_> = history.steps().collect();
        let changes: Vec<_> = steps.iter().map(|step| step.changes.to_vec()).collect();
        let change = |path: &str, old, new| {
            vec![FieldChange { path: path.into(), old: Some(old), new: Some(new) }]
        };
        assert_eq!(
            changes,
            [
                change("/owner", json!(""), json!("Ann")),
                change("/balance", json!(0), json!(100)),
                change("/balance", json!(100), json!(70)),
            ]
        );
        assert_eq!(steps[1].event.event, Deposited { cents: 100 });
        assert_eq!(steps[2].event.version(), Version::new(2));
        let balances: Vec<_> = steps.iter().map(|step| step.state.balance).collect();
        assert_eq!(balances, [0, 100, 70]);
        for (index, step) in steps.iter().enumerate() {
            assert_eq!(history.at(index).as_ref(), Some(&step.state));
        }
        assert_eq!(history.at(3), None);
        assert_eq!(history.present(), &steps[2].state);
    });
}

#[test]
fn blame_names_the_event_that_set_each_field() {
    on_each_store(|site| {
        let blame = history(&a_short_life(&site)).blame();
        let by = |path| {
            let blamed = blame.of(path).unwrap().by.clone().unwrap();
            (blamed.event_type.to_string(), blamed.version.get(), blamed.time, blamed.user)
        };
        assert_eq!(by("/owner"), ("bank.opened".into(), 0, day(0), Some("bob".into())));
        assert_eq!(by("/balance"), ("bank.withdrawn".into(), 2, day(2), None));
        assert_eq!(blame.of("/is_closed").unwrap().by, None);
        assert_eq!(blame.of("/color"), None);
        assert_eq!(
            blame.to_string(),
            "/balance    70     bank.withdrawn  version 2  2023-11-16T22:13:20.000000Z\n\
             /is_closed  false  (initial)\n\
             /owner      \"Ann\"  bank.opened     version 0  2023-11-14T22:13:20.000000Z  by bob\n"
        );
    });
}

#[test]
fn a_diff_is_between_any_two_moments() {
    on_each_store(|site| {
        let history = history(&a_short_life(&site));
        let diff = |from, to| history.diff(from, to).unwrap().to_string();
        let (first, last) = (At::Version(Version::FIRST), At::Latest);
        assert_eq!(diff(first, last), "/balance  0  ->  70\n");
        assert_eq!(diff(At::Recorded(day(1)), last), "/balance  100  ->  70\n");
        assert_eq!(
            diff(last, At::Time(day(-1))),
            "/balance  70     ->  0\n/owner    \"Ann\"  ->  \"\"\n"
        );
        assert_eq!(diff(At::Position(Position::new(9)), last), "no field differs\n");
    });
}

#[test]
fn an_account_that_never_was_has_an_empty_history() {
    on_each_store(|site| {
        let history = history(&site.app());
        assert!(history.is_empty());
        assert_eq!((history.at(0), history.steps().count()), (None, 0));
        assert_eq!(history.present(), &Account::default());
        assert!(history.blame().lines.iter().all(|line| line.by.is_none()));
    });
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "tagged")]
struct Tagged {
    #[tag]
    thing: String,
    word: String,
}

/// Words from several streams.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Thing {
    words: Vec<String>,
}

#[aggregate(tag = "thing", key = String)]
impl Aggregate for Thing {
    type Event = Tagged;

    fn apply(&mut self, event: &Tagged) {
        assert_ne!(event.word, "panic", "not this word");
        self.words.push(event.word.clone());
    }
}

#[test]
fn a_history_by_tag_is_in_the_order_of_positions() {
    on_each_store(|site| {
        let app = site.app();
        let append = |stream: &str, word: &str| {
            let event = Tagged { thing: "t".into(), word: word.into() };
            let (event_type, data) = (EventType::new("tagged").unwrap(), event.encode().unwrap());
            let event = NewEvent::new(event_type, data).with_tags(event.tags().unwrap());
            let stream = StreamName::new(stream).unwrap();
            block_on(site.backend.append(Append::to(stream, ExpectedVersion::Any, [event])))
                .unwrap();
        };
        append("a-1", "one");
        append("b-1", "two");
        append("a-1", "three");
        let history = block_on(app.history::<Thing>(&"t".into())).unwrap();
        assert_eq!(history.present().words, ["one", "two", "three"]);
        let blame = history.blame();
        assert_eq!(blame.of("/words/1").unwrap().by.as_ref().unwrap().version, Version::FIRST);
        let version = history.state(At::Version(Version::FIRST)).unwrap_err();
        assert_eq!(version.kind(), ErrorKind::InvalidArgument);
        append("c-1", "panic");
        let failed = block_on(app.history::<Thing>(&"t".into())).unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Application);
    });
}

#[test]
fn a_history_of_a_hundred_thousand_events_is_made_and_walked() {
    let site = Site::memory();
    for _ in 0..10 {
        let deposits = (0..10_000).map(|_| raw(&Deposited { cents: 1 }));
        let append = Append::to(account("ann"), ExpectedVersion::Any, deposits);
        block_on(site.backend.append(append)).unwrap();
    }
    let history = history(&site.app());
    assert_eq!((history.len(), history.present().balance), (100_000, 100_000));
    for step in [0, 1, 49_999, 50_000, 77_777, 99_998, 99_999] {
        assert_eq!(history.at(step).unwrap().balance, step as u64 + 1);
    }
    assert_eq!(history.blame().of("/balance").unwrap().by.as_ref().unwrap().version.get(), 99_999);
    assert!(history.steps().zip(1..).all(|(step, count)| step.state.balance == count));
}
