//! The commands, one file each: arguments, what it does, what it prints.

pub(crate) mod append;
pub(crate) mod cert;
pub(crate) mod cluster;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod copy;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod health;
pub(crate) mod help;
pub(crate) mod import;
pub(crate) mod info;
pub(crate) mod man;
pub(crate) mod migrate;
pub(crate) mod read;
pub(crate) mod serve;
pub(crate) mod stream;
pub(crate) mod subscription;
pub(crate) mod tail;
pub(crate) mod users;
pub(crate) mod verify;

use crate::{cli::Command, exit::Exit, failure::Result, session::Session};

/// The table of commands.
pub(crate) fn run(command: Command, session: &Session) -> Result<Exit> {
    match command {
        Command::Append(args) => append::run(&args, session),
        Command::Read(args) => read::run(&args, session),
        Command::Tail(args) => tail::run(&args, session),
        Command::Stream(args) => stream::run(args, session),
        Command::Serve(args) => serve::run(&args, session),
        Command::Cert(args) => cert::run(args, session),
        Command::Cluster(args) => cluster::run(args, session),
        Command::Subscription(args) => subscription::run(args, session),
        Command::Users(args) => users::run(args, session),
        Command::Health(args) => health::run(&args, session),
        Command::Config(args) => config::run(args, session),
        Command::Info(args) => info::run(&args, session),
        Command::Import(args) => import::run(&args, session),
        Command::Export(args) => export::run(&args, session),
        Command::Copy(args) => copy::run(&args, session),
        Command::Verify(args) => verify::run(&args, session),
        Command::Migrate(args) => migrate::run(&args, session),
        Command::Demo(args) => demo::run(&args, session),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Help(args) => help::run(&args, session),
    }
}
