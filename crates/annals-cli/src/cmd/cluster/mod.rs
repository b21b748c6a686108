//! `annals cluster`: the log that nodes share, and the nodes.

mod add_node;
mod check;
mod heard;
mod init;
mod log;
mod size;
mod status;
mod trim;

use clap::Subcommand;

use crate::{exit::Exit, failure::Result, session::Session};

/// Set up and look after a store that many nodes keep together
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals cluster init --at nats://a:4222,b:4222,c:4222/orders      make the log, once\n  \
    annals serve --at 'nats://a:4222/orders?dir=/var/lib/node'       run a node, on each machine\n  \
    annals cluster status --at nats://a:4222/orders                  how it stands\n  \
    annals cluster check --at nats://a:4222/orders --monitor http://a:8222\n\n\
    The log is in NATS JetStream. `--at` names its servers and the store, and for a node also the\n\
    folder in which it keeps its data. The chapter \"Run a cluster\" of the book has the rest.")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Status(status::Args),
    Check(check::Args),
    AddNode(add_node::Args),
    Trim(trim::Args),
}

pub(crate) fn run(args: Args, session: &Session) -> Result<Exit> {
    match args.command {
        Command::Init(args) => init::run(&args, session),
        Command::Status(args) => status::run(&args, session),
        Command::Check(args) => check::run(&args, session),
        Command::AddNode(args) => add_node::run(&args, session),
        Command::Trim(args) => trim::run(&args, session),
    }
}
