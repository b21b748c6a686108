//! Unique user names, which stay taken for three days after they were released.

use std::thread;

use annals::*;
use serde::{Deserialize, Serialize};

use crate::stores::{DAY_MICROS, block_on, day, on_each_store};

const RETENTION_MICROS: i64 = 3 * DAY_MICROS;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(prefix = "user")]
enum UserEvent {
    Registered {
        #[tag("username")]
        name: String,
    },
    Left {
        #[tag("username")]
        name: String,
        at_micros: i64,
    },
    Renamed {
        #[tag("username")]
        from: String,
        #[tag("username")]
        to: String,
        at_micros: i64,
    },
}
use UserEvent::{Left, Registered, Renamed};

/// Who has a name. The state does not know its own name, so it keeps what became of all names in
/// the events it reads, and the decision asks for the one it is about.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Username {
    taken: Vec<String>,
    released: Vec<(String, i64)>,
}

#[aggregate(tag = "username", key = String)]
impl Aggregate for Username {
    type Event = UserEvent;

    fn apply(&mut self, event: &UserEvent) {
        let (released, taken) = match event {
            Registered { name } => (None, Some(name)),
            Left { name, at_micros } => (Some((name, *at_micros)), None),
            Renamed { from, to, at_micros } => (Some((from, *at_micros)), Some(to)),
        };
        if let Some((name, at)) = released {
            self.taken.retain(|other| other != name);
            self.released.push((name.clone(), at));
        }
        self.taken.extend(taken.cloned());
    }
}

impl Username {
    fn is_free(&self, name: &str, now: Timestamp) -> bool {
        let is_held =
            |(other, at): &(String, i64)| other == name && now.as_micros() - at <= RETENTION_MICROS;
        !self.taken.iter().any(|taken| taken == name) && !self.released.iter().any(is_held)
    }
}

type Done = Result<(), ExecuteError<&'static str>>;

fn register(app: &Annals, name: &str) -> Done {
    let key = name.to_owned();
    let done =
        block_on(app.transact(&name.to_owned(), move |state: &mut Changes<'_, Username>| {
            if !state.is_free(&key, state.now()) {
                return Err("taken");
            }
            state.emit(Registered { name: key.clone() });
            Ok(())
        }));
    done.map(drop)
}

fn leave(app: &Annals, name: &str) {
    let key = name.to_owned();
    let done =
        block_on(app.transact(&name.to_owned(), move |state: &mut Changes<'_, Username>| {
            let at_micros = state.now().as_micros();
            state.emit(Left { name: key.clone(), at_micros });
            Ok::<_, &'static str>(())
        }));
    done.unwrap();
}

fn rename(app: &Annals, from: &str, to: &str) -> Done {
    let (old, new) = (from.to_owned(), to.to_owned());
    // The new name decides; the event has both, so that decisions on either see it.
    let done = block_on(app.transact(&to.to_owned(), move |state: &mut Changes<'_, Username>| {
        if !state.is_free(&new, state.now()) {
            return Err("taken");
        }
        let at_micros = state.now().as_micros();
        state.emit(Renamed { from: old.clone(), to: new.clone(), at_micros });
        Ok(())
    }));
    done.map(drop)
}

fn is_taken(done: Done) -> bool {
    done.is_err_and(|error| error.rejection() == Some(&"taken"))
}

#[test]
fn a_name_is_given_once() {
    on_each_store(|site| {
        let app = site.app();
        register(&app, "ann").unwrap();
        assert!(is_taken(register(&app, "ann")));
        register(&app, "bob").unwrap();
    });
}

#[test]
fn the_name_of_somebody_who_left_is_free_after_three_days() {
    on_each_store(|site| {
        let app = site.app();
        register(&app, "ann").unwrap();
        leave(&app, "ann");
        assert!(is_taken(register(&app, "ann")));
        site.clock.set(day(3));
        assert!(is_taken(register(&app, "ann")));
        site.clock.set(day(4));
        register(&app, "ann").unwrap();
        assert!(is_taken(register(&app, "ann")));
    });
}

#[test]
fn an_old_name_is_free_after_three_days_and_the_new_one_is_taken() {
    on_each_store(|site| {
        let app = site.app();
        register(&app, "ann").unwrap();
        rename(&app, "ann", "anna").unwrap();
        assert!(is_taken(register(&app, "anna")));
        assert!(is_taken(register(&app, "ann")));
        site.clock.set(day(3));
        assert!(is_taken(register(&app, "ann")));
        site.clock.set(day(4));
        register(&app, "ann").unwrap();
        assert!(is_taken(register(&app, "anna")));
        assert!(is_taken(rename(&app, "anna", "ann")));
    });
}

#[test]
fn of_many_racers_one_gets_the_name() {
    on_each_store(|site| {
        let app = site.app();
        let racers: Vec<_> = (0..16)
            .map(|racer| {
                let app = app.clone();
                thread::spawn(move || match racer % 2 {
                    0 => register(&app, "ann"),
                    _ => rename(&app, &format!("other{racer}"), "ann"),
                })
            })
            .collect();
        let done: Vec<_> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
        assert_eq!(done.into_iter().filter(|done| is_taken(done.clone())).count(), 15);
    });
}
