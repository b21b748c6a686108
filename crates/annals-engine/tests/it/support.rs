//! What the tests share: tiny segments, a clock that stands still, and short ways to say things.

use std::{fs, path::Path, sync::Arc};

use annals_core::*;
use annals_engine::{Engine, Options};

pub(crate) fn tiny() -> Options {
    Options {
        clock: Arc::new(ManualClock::at(Timestamp::from_micros(1_000_000))),
        segment_bytes_first: 512,
        segment_bytes_max: 2_048,
        store_id: Some(uuid::Uuid::from_u128(1)),
        hash_seed: Some(2),
        ..Options::default()
    }
}

pub(crate) fn open(dir: &Path) -> Engine {
    Engine::open(dir, tiny()).unwrap()
}

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::new(name.to_owned()).unwrap()
}

/// An event whose id and data follow from a number.
pub(crate) fn event(number: u64) -> NewEvent {
    let tags = [format!("n:{number}"), format!("parity:{}", number % 2)];
    NewEvent::new(EventType::new("counted").unwrap(), format!("{{\"n\":{number}}}"))
        .with_id(EventId::derived(uuid::Uuid::from_u128(9), &number.to_le_bytes()))
        .with_tags(Tags::new(tags.map(|tag| Tag::new(tag).unwrap())).unwrap())
}

pub(crate) fn append(engine: &Engine, to: &str, number: u64) -> Result<Appended> {
    engine.append(Append::to(stream(to), ExpectedVersion::Any, [event(number)]))
}

pub(crate) fn read_all(engine: &Engine) -> Vec<RecordedEvent> {
    engine.read(ReadAll::new(Query::all())).unwrap().collect::<Result<_>>().unwrap()
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
