//! `annals config show`: every setting with its value, and where that came from.

use serde::Serialize;

use crate::{
    cmd::serve,
    exit::Exit,
    failure::Result,
    output::{Item, Shape},
    session::Session,
    settings::Setting,
};

/// Show every setting of the server, as `annals serve` with the same flags would have it
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(
    about = "Show every setting of the server, as `annals serve` with the same flags would have it",
    before_help = "Examples:\n  \
    annals config show --sources\n  \
    annals config show --sources --config annals.toml --listen 127.0.0.1:9000"
)]
pub(crate) struct Args {
    /// Say of each value where it came from: a flag, a variable, a line of the file, or a default
    #[arg(long)]
    sources: bool,
    #[command(flatten)]
    serve: serve::Args,
}

#[derive(Debug, Serialize)]
struct Row {
    setting: String,
    value: Option<String>,
}

#[derive(Debug, Serialize)]
struct RowWithSource {
    setting: String,
    value: Option<String>,
    source: String,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &["SETTING", "VALUE"];

    fn cells(&self) -> Vec<String> {
        vec![self.setting.clone(), self.value.clone().unwrap_or_default()]
    }

    fn key(&self) -> String {
        self.setting.clone()
    }
}

impl Item for RowWithSource {
    const COLUMNS: &'static [&'static str] = &["SETTING", "VALUE", "SOURCE"];

    fn cells(&self) -> Vec<String> {
        vec![self.setting.clone(), self.value.clone().unwrap_or_default(), self.source.clone()]
    }

    fn key(&self) -> String {
        self.setting.clone()
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mut printer = session.printer(Shape::List)?;
    for Setting { key: setting, value, source } in session.settings().list.clone() {
        if args.sources {
            let source = source.to_string();
            printer.item(&RowWithSource { setting, value, source })?;
        } else {
            printer.item(&Row { setting, value })?;
        }
    }
    printer.finish()?;
    Ok(Exit::Ok)
}
