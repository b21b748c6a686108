//! What this program does in another process: writers that say what was acknowledged, readers that
//! say what they see, a line for each and before they go on.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
    thread,
};

use annals_core::{
    Append, Backend, Delivery, Error, ErrorKind, ExpectedVersion, Name, Position, Query, Retry,
    StateExpected, StateKey, StatePut, Subscribe, SubscribeStart, Version,
};
use annals_postgres::{Options, Postgres};
use futures_lite::{StreamExt, future::block_on};

use crate::{
    bed::open,
    words::{any, append, stream, tagged, with_tag},
};

/// The environment variables that make this program another process of a case.
pub(crate) const ROLE: &str = "ANNALS_FAULTS_ROLE";
pub(crate) const URL: &str = "ANNALS_FAULTS_URL";
pub(crate) const SCHEMA: &str = "ANNALS_FAULTS_SCHEMA";

/// After how many events a reader keeps how far it came.
const CHECKPOINT_EVERY: u64 = 25;

/// Plays `write PROCESS WRITERS COUNT` or `follow NAME`.
pub(crate) fn play(role: &str) -> ExitCode {
    let words: Vec<&str> = role.split(' ').collect();
    let options = Options { schema: env::var(SCHEMA).unwrap(), ..Options::default() };
    let store = open(&env::var(URL).unwrap(), options);
    match words[..] {
        ["write", process, writers, count] => {
            write(&store, process, writers.parse().unwrap(), count.parse().unwrap());
        }
        ["follow", name] => follow(&store, name),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

fn say(line: &str) {
    let mut out = io::stdout();
    writeln!(out, "{line}").unwrap();
}

fn write(store: &Postgres, process: &str, writers: usize, count: u64) {
    thread::scope(|scope| {
        for writer in 0..writers {
            let writer = Writer { store, name: format!("{process}-{writer}"), written: 0 };
            scope.spawn(move || writer.write(count));
        }
    });
}

struct Writer<'a> {
    store: &'a Postgres,
    name: String,
    /// The events in the stream that only this writer writes.
    written: u64,
}

impl Writer<'_> {
    fn write(mut self, count: u64) {
        for number in 0..count {
            let (append, own) = self.request(number);
            match self.insist(&append) {
                Ok(position) => {
                    self.written += own;
                    say(&format!("stored {}/{number} {position}", self.name));
                }
                Err(error) if error.kind() == ErrorKind::ConditionFailed => {
                    say(&format!("refused {}/{number}", self.name));
                }
                Err(error) => say(&format!("failed {}/{number} {error}", self.name)),
            }
        }
    }

    /// The request of a number, and how many of its events are for the writer's own stream.
    fn request(&self, number: u64) -> (Append, u64) {
        let id = format!("request:{}/{number}", self.name);
        let shared = format!("shared-{}", number % 3);
        let own = stream(&format!("own-{}", self.name));
        let expected = match self.written.checked_sub(1) {
            None => ExpectedVersion::NoStream,
            Some(last) => ExpectedVersion::Exact(Version::new(last)),
        };
        match number % 4 {
            0 => (any(&shared, tagged(&[&id])), 0),
            1 => (Append::to(own, expected, [tagged(&[&id])]), 1),
            2 => {
                // All writers want the same one, and each wants it once.
                let seat = format!("seat:{number}");
                let append = any("seats-1", tagged(&[&id, &seat]));
                (append.unless(with_tag(&seat), None), 0)
            }
            _ => {
                let append = any(&shared, tagged(&[&id]));
                (append.and(own, expected, [tagged(&[&id])]), 1)
            }
        }
    }

    /// Asks until there is an answer; what was stored without one is recognised.
    fn insist(&self, request: &Append) -> Result<Position, Error> {
        loop {
            match append(self.store, request.clone()) {
                Ok(done) => return Ok(done.position.unwrap()),
                Err(error) if error.retry() == Retry::Later => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn follow(store: &Postgres, name: &str) {
    let key = StateKey::checkpoint(Name::new(name.to_owned()).unwrap());
    let checkpoint = block_on(store.state(&key)).unwrap();
    let start = checkpoint.map_or(SubscribeStart::Beginning, |entry| {
        SubscribeStart::After(entry.checkpoint_position().unwrap())
    });
    say(&format!("begins {start:?}"));
    let mut deliveries = store.subscribe(Subscribe::all(Query::all(), start));
    while let Some(delivery) = block_on(deliveries.next()) {
        match delivery {
            Ok(Delivery::Event(event)) => {
                say(&format!("sees {}", event.position));
                if event.position.get() % CHECKPOINT_EVERY == 0 {
                    keep(store, &key, event.position);
                }
            }
            Ok(_) => {}
            Err(error) => say(&format!("error {error}")),
        }
    }
}

fn keep(store: &Postgres, key: &StateKey, position: Position) {
    let value = Some(StatePut::checkpoint_value(position));
    let put = StatePut { key: key.clone(), expected: StateExpected::Any, value };
    while let Err(error) = block_on(store.put_state(put.clone())) {
        assert_eq!(error.retry(), Retry::Later, "{error}");
    }
}
