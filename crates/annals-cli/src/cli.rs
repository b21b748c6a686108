//! The command line as typed: global flags and the table of commands.

use std::ffi::OsString;

use clap::{ArgAction, Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{cmd, output::Format};

/// An event store in one binary: append, read, follow, import, export and verify.
#[derive(Debug, Parser)]
#[command(
    name = "annals",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 100,
    before_help = "Examples:\n  \
        annals append account-1 opened '{\"owner\":\"Ann\"}'   store a first event in ./annals-data\n  \
        annals read account-1                              read it back\n  \
        annals demo                                        watch everything work, in seconds",
    after_help = "`annals help COMMAND` explains a command, `annals help exit-codes` the exit codes."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The store: `file:DIR`, the path of a folder, `memory:`,
    /// `postgres://USER@HOST/DATABASE?schema=annals` (PGPASSWORD and the like count),
    /// `nats://HOST:4222/STORE?dir=DIR` (a node of a cluster),
    /// `annals://USER:PASSWORD@HOST:2113` (with `?tls=false` where nothing is encrypted), or the
    /// connection string of a KurrentDB or EventStoreDB, `kurrentdb://...` or `esdb://...`
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "ANNALS_AT",
        hide_env_values = true,
        default_value = "file:./annals-data"
    )]
    pub(crate) at: String,
    /// How to write the output; by default a table on a terminal, and NDJSON (events) or
    /// tab-separated values in a pipe
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    /// Print ids and names only, and no notes or progress
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
    /// Never color the output; NO_COLOR does the same
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    pub(crate) no_color: bool,
    /// Write errors as one JSON object
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    pub(crate) json_errors: bool,
}

/// The table of commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Append(cmd::append::Args),
    Read(cmd::read::Args),
    Tail(cmd::tail::Args),
    Stream(cmd::stream::Args),
    Serve(cmd::serve::Args),
    Cert(cmd::cert::Args),
    Cluster(cmd::cluster::Args),
    Subscription(cmd::subscription::Args),
    Users(cmd::users::Args),
    Health(cmd::health::Args),
    Config(cmd::config::Args),
    Info(cmd::info::Args),
    Import(cmd::import::Args),
    Export(cmd::export::Args),
    Copy(cmd::copy::Args),
    Verify(cmd::verify::Args),
    Migrate(cmd::migrate::Args),
    Demo(cmd::demo::Args),
    Completions(cmd::completions::Args),
    Man(cmd::man::Args),
    Help(cmd::help::Args),
}

/// The definition that parser, help, completions and manual pages come from.
pub(crate) fn definition() -> clap::Command {
    Cli::command()
}

/// Reads the arguments.
pub(crate) fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    let is_plain = args.iter().any(|arg| arg == "--no-color");
    let color = if is_plain { ColorChoice::Never } else { ColorChoice::Auto };
    let matches = definition().color(color).try_get_matches_from(args)?;
    Cli::from_arg_matches(&matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn the_help_of_every_command_leads_with_examples() {
        fn check(command: &mut clap::Command, path: &str) {
            let help = command.render_long_help().to_string();
            assert!(help.starts_with("Examples:\n"), "{path}: {help}");
            let names: Vec<_> =
                command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
            for name in names {
                let sub = command.find_subcommand_mut(&name).unwrap();
                if !sub.is_hide_set() {
                    check(sub, &format!("{path} {name}"));
                }
            }
        }
        let mut command = definition();
        command.build();
        check(&mut command, "annals");
    }
}
