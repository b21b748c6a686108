//! `annals help`: the help of a command, or of a topic that is no command.

use std::io::Write;

use crate::{
    cli,
    exit::Exit,
    failure::{Failure, Result},
    session::Session,
};

/// Explain a command, or the exit codes
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals help append\n  \
    annals help stream delete\n  \
    annals help exit-codes")]
pub(crate) struct Args {
    /// A command, or `exit-codes`
    topic: Vec<String>,
}

/// The topic that is no command.
const EXIT_CODES: &str = "exit-codes";

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut stdout = std::io::stdout();
    if let [topic] = args.topic.as_slice()
        && topic == EXIT_CODES
    {
        for (exit, meaning) in Exit::ALL {
            let code = session.style().bold(&format!("{:>3}", exit.code()));
            writeln!(stdout, "{code}  {meaning}")?;
        }
        return Ok(Exit::Ok);
    }
    let mut command = cli::definition();
    command.build();
    let mut found = &mut command;
    for name in &args.topic {
        found = found.find_subcommand_mut(name).ok_or_else(|| {
            Failure::usage(
                format!("there is no help about `{}`", args.topic.join(" ")),
                "`annals --help` lists the commands",
            )
        })?;
    }
    let help = found.render_long_help();
    match session.style() {
        crate::output::Style::Plain => write!(stdout, "{help}")?,
        crate::output::Style::Colored => write!(stdout, "{}", help.ansi())?,
    }
    Ok(Exit::Ok)
}
