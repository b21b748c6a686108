//! Opening a damaged store: it says so, or what it reads is what was written.
//!
//! The input chooses changes to the files of a small store. A store that opens may lack commits at
//! its end, as after a crash; but none that an intact later commit vouches for, and none in the
//! segments before the last. Nothing may be read that was not written.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use annals_core::{
    Append, Error, ErrorKind, ExpectedVersion, Name, Position, Query, QueryItem, ReadAll,
    ReadStream, RecordedEvent, Result, StateKey, StreamName, Tag,
};
use annals_engine::{Engine, storage::MemoryStorage};

use crate::{
    mutation::{self, Choices, Files},
    original::{self, Original},
};

/// What became of the damaged store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was refused.
    Refused,
    /// It opened, and reading came upon damage.
    Damaged,
    /// It opened and all of it could be read.
    Whole,
}

/// Opens the store with the changes that the bytes choose.
pub fn run(bytes: &[u8]) -> Outcome {
    let original = original::get();
    let mut choices = Choices::new(bytes);
    let keeps_index = choices.byte() & 1 == 1;
    let mut files = original.files.clone();
    mutation::apply(&mut files, &original.last, &mut choices);
    let must_have = vouched_end(original, &files);

    let dir = tempfile::tempdir().expect("a temporary folder");
    let index_dir = dir.path().join("index");
    if keeps_index {
        restore(&index_dir, &original.index).expect("the index can be copied");
    }
    let storage = Arc::new(MemoryStorage::with_contents(files));
    let open = || Engine::open_with(storage.clone(), index_dir.clone(), original::options());
    let engine = match open() {
        Ok(engine) => engine,
        Err(error) => {
            check_error(&error);
            return Outcome::Refused;
        }
    };
    let end = end(&engine);
    assert!(end >= must_have, "{end} events of at least {must_have} are left");
    assert!(end <= original.events.len() as u64, "more events than were written");
    let outcome = check_reads(&engine, original, end);
    if outcome == Outcome::Whole {
        check_goes_on(engine, end, open);
    }
    outcome
}

/// The position up to which events must be there if the store opens at all.
fn vouched_end(original: &Original, files: &Files) -> u64 {
    let before = original.files.get(&original.last).map_or(&[][..], Vec::as_slice);
    let now = files.get(&original.last).map_or(&[][..], Vec::as_slice);
    let is_intact = |frame: &&original::Frame| {
        now.get(frame.begin..frame.end) == before.get(frame.begin..frame.end)
    };
    let vouched = original.frames.iter().filter(is_intact).map(|frame| frame.durable).max();
    let unbroken = original.frames.iter().take_while(is_intact).map(|frame| frame.end).last();
    let must_reach = std::cmp::max(vouched.unwrap_or(0), unbroken.unwrap_or(0));
    let reached = original.frames.iter().take_while(|frame| frame.end <= must_reach).last();
    reached.map_or(original.sealed_end, |frame| frame.end_position)
}

fn check_error(error: &Error) {
    let is_expected = [ErrorKind::Corrupted, ErrorKind::Unsupported].contains(&error.kind());
    assert!(is_expected, "damage is answered with {:?}: {error}", error.kind());
}

fn end(engine: &Engine) -> u64 {
    engine.head().expect("an open store has a head").map_or(0, |head| head.get() + 1)
}

/// Everything that is read is what was written, whichever way it is asked for.
fn check_reads(engine: &Engine, original: &Original, end: u64) -> Outcome {
    let written: Vec<_> = original.events.iter().take(end as usize).collect();
    let backward = written.iter().rev().copied();
    let all = ReadAll::new(Query::all());
    let mut outcomes = vec![
        check_read(engine.read(all.clone()), written.iter().copied()),
        check_read(engine.read(all.backward()), backward),
    ];
    for tag in ["parity:0", "parity:1", "never:used"] {
        let tag = Tag::new(tag).expect("a right tag");
        let query = Query::any_of([QueryItem::tags([tag])]).expect("a right query");
        let matching = written.iter().copied().filter(|event| query.matches(event));
        outcomes.push(check_read(engine.read(ReadAll::new(query.clone())), matching));
    }
    for name in ["account-0", "account-3", "audit"] {
        let stream = StreamName::new(name).expect("a right name");
        let of_stream = written.iter().copied().filter(|event| event.stream == stream);
        if of_stream.clone().next().is_some() {
            outcomes.push(check_read(engine.read(ReadStream::new(stream.clone())), of_stream));
        }
    }
    outcomes.push(check_state(engine));
    let is_whole = outcomes.iter().all(|outcome| *outcome == Outcome::Whole);
    if is_whole { Outcome::Whole } else { Outcome::Damaged }
}

fn check_read<'a>(
    read: Result<impl Iterator<Item = Result<RecordedEvent>>>,
    mut written: impl Iterator<Item = &'a RecordedEvent>,
) -> Outcome {
    let events = match read {
        Ok(events) => events,
        Err(error) => {
            check_error(&error);
            return Outcome::Damaged;
        }
    };
    for event in events {
        match event {
            Ok(event) => assert_eq!(Some(&event), written.next(), "another event than was written"),
            Err(error) => {
                check_error(&error);
                return Outcome::Damaged;
            }
        }
    }
    assert_eq!(written.next(), None, "an event is passed over");
    Outcome::Whole
}

/// The checkpoint is one of those that were written.
fn check_state(engine: &Engine) -> Outcome {
    let name = Name::new(original::READER).expect("a right name");
    match engine.state(&StateKey::checkpoint(name)) {
        Ok(None) => Outcome::Whole,
        Ok(Some(entry)) => {
            let position = entry.checkpoint_position().expect("a checkpoint is a position");
            assert!(original::has_checkpoint(position.get()), "{position:?} was never written");
            Outcome::Whole
        }
        Err(error) => {
            check_error(&error);
            Outcome::Damaged
        }
    }
}

/// The store takes another event, and has it when it is opened again.
fn check_goes_on(engine: Engine, end: u64, open: impl Fn() -> Result<Engine>) {
    let stream = StreamName::new("later").expect("a right name");
    let event = original::event(1_000_000).expect("a right event");
    let append = Append::to(stream.clone(), ExpectedVersion::NoStream, [event]);
    let done = engine.append(append).expect("a store that can be read takes an event");
    assert_eq!(done.position, Some(Position::new(end)));
    engine.close().expect("it closes");
    drop(engine);
    let engine = open().expect("a store that could be read opens again");
    assert_eq!(self::end(&engine), end + 1);
    let later = engine.read(ReadStream::new(stream)).and_then(Iterator::collect::<Result<Vec<_>>>);
    let positions: Vec<_> =
        later.expect("it can be read").iter().map(|event| event.position.get()).collect();
    assert_eq!(positions, [end]);
}

/// The files in a folder and the folders in it.
pub(crate) fn files_below(dir: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(dir.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                files.push((path, fs::read(entry.path())?));
            }
        }
    }
    Ok(files)
}

fn restore(dir: &Path, files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
    for (path, bytes) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap_or(dir))?;
        fs::write(path, bytes)?;
    }
    Ok(())
}
