//! What can be said of the machine in neutral words, and of this process.

use std::{fs, path::Path, thread};

/// What the figures were measured on.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) file_system: Option<String>,
    /// How many threads of the whole machine wanted to run, on average over the last minute, when
    /// the run began.
    pub(crate) load_before: Option<f64>,
}

impl Machine {
    /// Looks around; `dir` is where the stores are.
    pub(crate) fn of(dir: &Path) -> Self {
        Self {
            cores: thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_bytes: field("/proc/meminfo", "MemTotal:"),
            file_system: file_system(dir),
            load_before: load(),
        }
    }
}

/// Memory of this process that belongs to no file: what it needs beyond the page cache.
pub(crate) fn anonymous_bytes() -> Option<u64> {
    field("/proc/self/status", "RssAnon:")
}

/// The number in kilobytes behind a name, in bytes.
fn field(file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// The kind of file system that holds a folder: that of the longest mount point above it.
pub(crate) fn file_system(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let mut found: Option<(usize, String)> = None;
    for line in mounts.lines() {
        let mut fields = line.split_whitespace().skip(1);
        let (Some(point), Some(kind)) = (fields.next(), fields.next()) else { continue };
        let is_longer = found.as_ref().is_none_or(|(length, _)| point.len() >= *length);
        if dir.starts_with(point) && is_longer {
            found = Some((point.len(), kind.to_owned()));
        }
    }
    found.map(|(_, kind)| kind)
}
