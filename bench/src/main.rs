//! The benchmarks of Annals.
//!
//! Every number stands beside a limit that is measured in the same run and in turns with it: the
//! same bytes written and synced without a store, the same file read without one. Machines differ
//! and are noisy; the ratios are what counts.

mod args;
mod bare;
mod cluster;
mod contest;
mod counting;
mod engine;
mod framework;
mod machine;
mod postgres;
mod problem;
mod random;
mod report;
mod samples;
mod server;
mod suite;
mod turns;
mod workload;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Engine(args) => engine::run(&args),
        Command::Framework(args) => framework::run(&args),
        Command::Postgres(args) => postgres::run(&args),
        Command::Cluster(args) => cluster::run(&args),
        Command::Server(args) => server::run(&args),
        Command::Serve(args) => server::serve(&args),
        Command::ServeEmpty(args) => server::serve_empty(&args),
        Command::BuildStore(args) => engine::child::build(&args),
        Command::OpenStore(args) => engine::child::open(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
