//! A process is killed in the middle of its work, and nothing it was promised is lost.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use annals::{Append, Backend, ExpectedVersion, StreamName, Version};
use futures_lite::future::block_on;

use super::{
    bank::{self, moved},
    teller::{Teller, thousands, took},
};
use crate::failure::{OrFail, Result};

/// Threads that append in the process that is killed.
const WRITERS: usize = 8;
/// Acknowledged appends after which it is killed.
const KILL_AFTER: usize = 1_000;

/// The other process: appends until it is killed, and prints each acknowledgement.
pub(super) fn write_until_killed(dir: &Path) -> Result<()> {
    let store = super::open(dir)?;
    let store = store.as_ref();
    thread::scope(|scope| {
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(store, writer))).collect();
        for writer in writers {
            match writer.join() {
                Ok(ended) => ended?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })
}

fn write(store: &dyn Backend, writer: usize) -> Result<()> {
    let stream = StreamName::new(format!("payment-{writer}"))?;
    let mut expected = ExpectedVersion::NoStream;
    loop {
        let event = moved("paid", 1)?;
        let id = event.id;
        let append = Append::to(stream.clone(), expected, [event]);
        let appended = block_on(store.append(append)).or_fail(|| "a payment was refused")?;
        let done = appended.streams.first().and_then(|stream| stream.last_version);
        let Some(version) = done else { return Ok(()) };
        // One write, so that a line is whole or not there.
        let line = format!("{stream} {version} {id}\n");
        std::io::stdout().lock().write_all(line.as_bytes())?;
        expected = ExpectedVersion::Exact(version);
    }
}

/// What was acknowledged: the id at each version of each stream.
type Acknowledged = BTreeMap<(String, Version), String>;

pub(super) fn kill_and_reopen(teller: &mut Teller, dir: &Path) -> Result<()> {
    teller.step("Another process appends with 8 threads, and is killed in the middle (SIGKILL)")?;
    let acknowledged = run_and_kill(dir)?;
    teller.claim(
        acknowledged.len() >= KILL_AFTER,
        &format!("killed after {} acknowledged appends", thousands(acknowledged.len() as u64)),
    )?;
    let began = Instant::now();
    let store = super::open(dir)?;
    let time = took(began.elapsed());
    let events = bank::read_all_of(store.as_ref(), bank::everything())?;
    let is_dense = (0..).zip(&events).all(|(position, event)| event.position.get() == position);
    teller.claim(
        is_dense,
        &format!(
            "opened again in {time}: {} events in order, no gap",
            thousands(events.len() as u64)
        ),
    )?;
    let stored: Acknowledged = events
        .iter()
        .filter(|event| event.stream.as_str().starts_with("payment-"))
        .map(|event| ((event.stream.to_string(), event.version), event.id.to_string()))
        .collect();
    let kept = acknowledged.iter().filter(|(place, id)| stored.get(*place) == Some(*id)).count();
    let beyond = stored.len().saturating_sub(kept);
    teller.claim(
        kept == acknowledged.len(),
        &format!("every acknowledged event is there, and {beyond} whose answer was under way"),
    )?;
    teller.claim(beyond <= WRITERS, "no more than one for each thread: nothing was invented")?;
    block_on(store.close()).or_fail(|| "the store could not be closed")
}

fn run_and_kill(dir: &Path) -> Result<Acknowledged> {
    let what = || "the other process could not be run";
    let program = std::env::current_exe().or_fail(what)?;
    let mut child = Command::new(program)
        .args(["demo", "--writer"])
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .or_fail(what)?;
    let read = read_and_kill(&mut child);
    // Whatever was read, the child must not be left behind; it may be dead already.
    drop(child.kill());
    child.wait().or_fail(what)?;
    read
}

/// Reads acknowledgements, kills, and reads those that were printed before it died.
fn read_and_kill(child: &mut Child) -> Result<Acknowledged> {
    let mut acknowledged = Acknowledged::new();
    let Some(stdout) = child.stdout.take() else { return Ok(acknowledged) };
    let mut lines = BufReader::new(stdout);
    let mut line = String::new();
    loop {
        line.clear();
        let count = lines.read_line(&mut line).or_fail(|| "the other process cannot be heard")?;
        if count == 0 || !line.ends_with('\n') {
            return Ok(acknowledged);
        }
        if let [stream, version, id] = line.split_whitespace().collect::<Vec<_>>().as_slice()
            && let Ok(version) = version.parse()
        {
            acknowledged.insert(((*stream).to_owned(), Version::new(version)), (*id).to_owned());
        }
        if acknowledged.len() == KILL_AFTER {
            child.kill().or_fail(|| "the other process could not be killed")?;
        }
    }
}

pub(super) fn verify(teller: &mut Teller, dir: &Path) -> Result<()> {
    teller
        .step("The store is verified: every checksum, every number, the index against the log")?;
    let began = Instant::now();
    let report = annals::engine::verify(dir, &mut |_, _| {})
        .or_fail(|| "the store of the demo could not be checked")?;
    let time = took(began.elapsed());
    if let Some(problem) = report.problems.first() {
        teller.show(&format!("{}: {}", problem.file, problem.what))?;
    }
    teller.claim(
        report.is_sound(),
        &format!(
            "{} events of {} streams in {} commits are sound ({time})",
            thousands(report.events),
            thousands(report.streams),
            thousands(report.commits)
        ),
    )
}
