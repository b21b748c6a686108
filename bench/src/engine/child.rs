//! Work in a process of its own, whose memory and first opening nothing else disturbs.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use annals_core::{Query, QueryItem, ReadAll, ReadStream};
use annals_engine::{Engine, Options};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::bench::SHARED_SEED;
use crate::{
    args::{BuildArgs, OpenArgs},
    machine::anonymous_bytes,
    problem::Result,
    random::Random,
    workload::{STREAM_EVENTS, Workload, user_bytes},
};

/// Events in a commit while a store is built.
const BATCH: u64 = 2_000;
/// Commits between two looks at the memory.
const LOOK_EVERY: u64 = 10;
/// Streams and tags that are read to see what memory that takes.
const READS: u64 = 2_000;

/// A store that was built.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Built {
    pub(crate) dir: PathBuf,
    /// Data and names of all events.
    pub(crate) user_bytes: u64,
    /// What appending needed at most, beyond what the process had before.
    pub(crate) memory_bytes: u64,
    /// What the store takes on disk, once closed.
    pub(crate) disk_bytes: u64,
}

/// What opening a store took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opened {
    pub(crate) took: Duration,
    /// Memory that was added by opening, and by reading afterwards.
    pub(crate) memory_bytes_open: u64,
    pub(crate) memory_bytes_read: u64,
}

/// Builds a store in another process.
pub(crate) fn start_build(dir: &Path, events: u64) -> Result<Built> {
    start("build-store", dir, events)
}

/// Opens a store in another process.
pub(crate) fn start_open(dir: &Path, events: u64) -> Result<Opened> {
    start("open-store", dir, events)
}

fn start<T: DeserializeOwned>(what: &str, dir: &Path, events: u64) -> Result<T> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(what).arg(dir).arg(events.to_string()).stderr(Stdio::inherit());
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("`{what}` ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The process that builds a store.
pub(crate) fn build(args: &BuildArgs) -> Result<()> {
    let mut workload = Workload::new(SHARED_SEED);
    let memory = Memory::before();
    let engine = Engine::open(&args.dir, Options::default())?;
    let (mut bytes, mut memory_bytes) = (0, 0);
    for number in 0..args.events.div_ceil(BATCH) {
        let append = workload.batch(std::cmp::min(BATCH, args.events - number * BATCH))?;
        bytes += user_bytes(&append);
        engine.append(append)?;
        if number % LOOK_EVERY == 0 {
            memory_bytes = std::cmp::max(memory_bytes, memory.added());
        }
    }
    engine.close()?;
    // Only then is everything gone that the index had replaced but still held open.
    drop(engine);
    let disk_bytes = disk_bytes(&args.dir)?;
    answer(&Built { dir: args.dir.clone(), user_bytes: bytes, memory_bytes, disk_bytes })
}

/// The process that opens a store.
pub(crate) fn open(args: &OpenArgs) -> Result<()> {
    let workload = Workload::new(SHARED_SEED);
    let memory = Memory::before();
    let start = Instant::now();
    let engine = Engine::open(&args.dir, Options::default())?;
    let took = start.elapsed();
    let memory_bytes_open = memory.added();
    let mut random = Random::new(1);
    let events = args.events;
    for _ in 0..READS {
        let stream = workload.stream(random.below(events / STREAM_EVENTS))?;
        drain(&engine, ReadStream::new(stream))?;
        let rank = workload.shared_rank(random.below(events));
        let item = QueryItem::tags([Workload::shared_tag(rank)?]);
        drain(&engine, ReadAll::new(Query::any_of([item])?).limit(STREAM_EVENTS))?;
    }
    drain(&engine, ReadAll::new(Query::all()))?;
    answer(&Opened { took, memory_bytes_open, memory_bytes_read: memory.added() })
}

fn answer(answer: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(answer)?);
    Ok(())
}

/// Reads to the end and gives how many events came.
pub(crate) fn drain(engine: &Engine, read: impl Into<annals_core::Read>) -> Result<u64> {
    let mut count = 0;
    for event in engine.read(read)? {
        std::hint::black_box(event?);
        count += 1;
    }
    Ok(count)
}

/// Memory that is added from now on.
struct Memory(Option<u64>);

impl Memory {
    fn before() -> Self {
        Self(anonymous_bytes())
    }

    fn added(&self) -> u64 {
        let now = anonymous_bytes().zip(self.0);
        now.map_or(0, |(now, before)| now.saturating_sub(before))
    }
}

/// What a folder takes on disk: blocks, not lengths.
fn disk_bytes(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes +=
            if metadata.is_dir() { disk_bytes(&entry.path())? } else { metadata.blocks() * 512 };
    }
    Ok(bytes)
}
