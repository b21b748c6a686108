//! The chapters of the book, and the README, as doc tests: what they show compiles and runs.
//!
//! A tidy rule holds the list to `docs/book/src/SUMMARY.md`.

/// A module for each chapter, so that a test that fails names it.
macro_rules! chapters {
    ($($name:ident: $path:literal),+ $(,)?) => {
        $(
            #[doc = include_str!(concat!("../../../docs/book/src/", $path))]
            mod $name {}
        )+
    };
}

chapters! {
    introduction: "introduction.md",
    start: "start.md",
    events: "events.md",
    aggregates: "aggregates.md",
    commands: "commands.md",
    views: "views.md",
    projections: "projections.md",
    processes: "processes.md",
    reactors: "reactors.md",
    time: "time.md",
    how_to_test: "how-to/test.md",
    how_to_evolve: "how-to/evolve.md",
    how_to_rebuild: "how-to/rebuild.md",
    how_to_boundary: "how-to/boundary.md",
    how_to_dead_letters: "how-to/dead-letters.md",
    how_to_several_processes: "how-to/several-processes.md",
    how_to_postgres: "how-to/postgres.md",
    how_to_serve: "how-to/serve.md",
    how_to_cluster: "how-to/cluster.md",
    how_to_subscriptions: "how-to/subscriptions.md",
    how_to_runtime: "how-to/runtime.md",
    how_to_trace: "how-to/trace.md",
    how_to_snapshots: "how-to/snapshots.md",
    reference_words: "reference/words.md",
    reference_guarantees: "reference/guarantees.md",
    reference_limits: "reference/limits.md",
}

#[doc = include_str!("../../../README.md")]
mod readme {}
