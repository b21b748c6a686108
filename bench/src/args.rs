//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures Annals beside its limits.
#[derive(Debug, Parser)]
#[command(name = "bench", bin_name = "cargo xtask bench", max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The embedded engine: appends, reads, subscriptions, opening, memory and disk
    Engine(SuiteArgs),
    /// The framework: loading, executing, projecting, beside bare calls and other frameworks
    Framework(SuiteArgs),
    /// The PostgreSQL backend, beside COPY and other stores on the same server
    Postgres(PostgresArgs),
    /// A node of a cluster over NATS, beside bare JetStream and the embedded engine
    Cluster(SuiteArgs),
    /// The server, beside an empty one and other event stores
    Server(ServerArgs),
    /// Serves a store until it is killed
    #[command(hide = true)]
    Serve(ServeArgs),
    /// Answers what the clients of the benchmark ask, without doing anything
    #[command(hide = true)]
    ServeEmpty(EmptyArgs),
    /// Builds a store in a process of its own and says what that took
    #[command(hide = true)]
    BuildStore(BuildArgs),
    /// Opens a store in a process of its own and says what that took
    #[command(hide = true)]
    OpenStore(OpenArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct SuiteArgs {
    /// Measures only these, by name
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Small sizes and few rounds: to see that everything runs, not to quote
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,
    /// Large sizes too: opens 10 million events and loads from 5 million
    #[arg(long)]
    pub(crate) full: bool,
    /// Writes all figures to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the table to a file, between its `table` marks if it has them
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Where to put the stores while measuring; beside this program by default
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PostgresArgs {
    #[command(flatten)]
    pub(crate) suite: SuiteArgs,
    /// The server to measure on, in databases of our own; else one is started and stopped
    #[arg(long, value_name = "URL", env = "ANNALS_TEST_POSTGRES", hide_env_values = true)]
    pub(crate) url: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    pub(crate) suite: SuiteArgs,
    /// The server of UmaDB, from the package `umadb` of PyPI
    #[arg(long, value_name = "FILE", env = "ANNALS_BENCH_UMADB")]
    pub(crate) umadb: Option<PathBuf>,
    /// The server of SierraDB, from the crate `sierradb-server`
    #[arg(long, value_name = "FILE", env = "ANNALS_BENCH_SIERRADB")]
    pub(crate) sierradb: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    pub(crate) dir: PathBuf,
    #[arg(long)]
    pub(crate) port: u16,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EmptyArgs {
    #[arg(long)]
    pub(crate) port: u16,
    /// How many events reading everything gives
    #[arg(long)]
    pub(crate) events: u64,
    /// Writes each append to a file and syncs it before it is answered
    #[arg(long)]
    pub(crate) sync: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
    pub(crate) dir: PathBuf,
    pub(crate) events: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OpenArgs {
    pub(crate) dir: PathBuf,
    pub(crate) events: u64,
}
