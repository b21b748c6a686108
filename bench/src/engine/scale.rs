//! How much of everything.

use std::time::Duration;

use crate::args::SuiteArgs;

/// How much of everything.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    /// How often ours and the reference take turns.
    pub(crate) rounds: usize,
    /// Calls in a round, where each waits for the disk.
    pub(crate) synced_calls: usize,
    /// Commits in a round of bulk appends.
    pub(crate) bulk_commits: usize,
    /// Calls in a round, where each only reads.
    pub(crate) reads: usize,
    /// How long a round with many threads takes.
    pub(crate) crowd_time: Duration,
    /// Events of the store that the reads share.
    pub(crate) events: u64,
    /// Streams of the stores that single streams are loaded from.
    pub(crate) streams: u64,
    /// Of how many of these streams each has 50 events; the others have 10.
    pub(crate) long_streams: u64,
    /// Sizes of the stores that are opened.
    pub(crate) sizes: Vec<u64>,
}

impl Scale {
    pub(crate) fn of(args: &SuiteArgs) -> Self {
        let usual = Self {
            rounds: 9,
            synced_calls: 150,
            bulk_commits: 50,
            reads: 2_000,
            crowd_time: Duration::from_millis(700),
            events: 1_000_000,
            streams: 100_000,
            long_streams: 2_000,
            sizes: vec![10_000, 1_000_000],
        };
        if args.quick {
            Self {
                rounds: 3,
                synced_calls: 50,
                bulk_commits: 10,
                reads: 500,
                crowd_time: Duration::from_millis(200),
                events: 100_000,
                streams: 10_000,
                long_streams: 500,
                sizes: vec![10_000, 100_000],
            }
        } else if args.full {
            let sizes = vec![10_000, 1_000_000, 10_000_000];
            Self { long_streams: usual.streams, sizes, ..usual }
        } else {
            usual
        }
    }
}
