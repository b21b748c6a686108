//! What the operating system knows of this process, where it tells in files: on Linux.

use std::{fmt, fs};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

/// How often a second the kernel's clock ticks in the files under `/proc`, on every processor that
/// Rust's standard library runs on.
const TICKS: f64 = 100.0;

/// The process at a moment. What is not told is missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Process {
    /// Seconds of all processors.
    pub(crate) cpu_seconds: Option<f64>,
    /// Seconds since 1970.
    pub(crate) start_seconds: Option<f64>,
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) virtual_bytes: Option<u64>,
    pub(crate) threads: Option<u64>,
    pub(crate) open_files: Option<u64>,
    pub(crate) open_files_max: Option<u64>,
}

impl Process {
    pub(crate) fn now() -> Self {
        let read = |name: &str| fs::read_to_string(name).unwrap_or_default();
        let (stat, status) = (read("/proc/self/stat"), read("/proc/self/status"));
        let booted = number_after(&read("/proc/stat"), "btime ");
        let ticks = |field: usize| field_of(&stat, field).map(|ticks| ticks as f64 / TICKS);
        let kilobytes = |name: &str| number_after(&status, name).map(|number| number * 1024);
        let files = fs::read_dir("/proc/self/fd").ok();
        Self {
            cpu_seconds: ticks(14).zip(ticks(15)).map(|(user, system)| user + system),
            start_seconds: booted.zip(ticks(22)).map(|(booted, after)| booted as f64 + after),
            resident_bytes: kilobytes("VmRSS:"),
            virtual_bytes: kilobytes("VmSize:"),
            threads: number_after(&status, "Threads:"),
            // The folder that is being read counts too.
            open_files: files.map(|files| (files.count() as u64).saturating_sub(1)),
            open_files_max: number_after(&read("/proc/self/limits"), "Max open files"),
        }
    }
}

/// A field of `/proc/self/stat`, counted from 1. The second is the program's name in brackets,
/// which may hold anything.
fn field_of(stat: &str, field: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(field.checked_sub(3)?)?.parse().ok()
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Asks at each scrape.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let process = Process::now();
        if let Some(seconds) = process.cpu_seconds {
            let help = "Seconds of processor time";
            let name = "process_cpu_seconds";
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(seconds).encode(metric)?;
        }
        if let Some(seconds) = process.start_seconds {
            let help = "When the process started, in seconds since 1970";
            let name = "process_start_time_seconds";
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(seconds).encode(metric)?;
        }
        let numbers = [
            ("process_resident_memory_bytes", "Memory in use", process.resident_bytes),
            ("process_virtual_memory_bytes", "Memory reserved", process.virtual_bytes),
            ("process_threads", "Threads", process.threads),
            ("process_open_fds", "Open files and connections", process.open_files),
            ("process_max_fds", "How many may be open", process.open_files_max),
        ];
        for (name, help, number) in numbers {
            if let Some(number) = number {
                let number = i64::try_from(number).unwrap_or(i64::MAX);
                let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                ConstGauge::new(number).encode(metric)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_shifts_no_field() {
        let fields: Vec<String> = (3..=24).map(|field: u64| field.to_string()).collect();
        let stat = format!("7 (a ) b) {}", fields.join(" "));
        assert_eq!(field_of(&stat, 14), Some(14));
        assert_eq!(field_of(&stat, 22), Some(22));
        assert_eq!(field_of("", 22), None);
    }

    #[test]
    fn numbers_are_found_by_the_beginning_of_their_line() {
        let text = "Max processes 9 9\nMax open files            1024  4096 files\n";
        assert_eq!(number_after(text, "Max open files"), Some(1024));
        assert_eq!(number_after("VmRSS:\t  12 kB\n", "VmRSS:"), Some(12));
        assert_eq!(number_after("", "VmRSS:"), None);
    }
}
