//! `annals export`: events as lines that `annals import` takes back.

use annals::ReadAll;
use futures_lite::stream;

use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    output::{EventItem, Format, Printer, Style},
    select::SelectArgs,
    session::{Session, source_of},
};

/// Write events as NDJSON or CloudEvents, for `annals import` or other tools
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals export > events.ndjson                     the whole store\n  \
    annals export --category account | zstd > accounts.ndjson.zst\n  \
    annals export -o cloudevents | curl --data-binary @- ...\n  \
    annals export | annals import - --at file:./copy  copy a store\n\n\
    Events come in the order of the store. What `$maxAge`, `$maxCount` or a deletion hide from\n\
    `annals read` is exported too, with the settings that hide it, so that the copy is the same.")]
pub(crate) struct Args {
    #[command(flatten)]
    select: SelectArgs,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let format = match session.format() {
        None | Some(Format::Ndjson) => Format::Ndjson,
        Some(Format::Cloudevents) => Format::Cloudevents,
        Some(Format::Table | Format::Plain | Format::Json) => {
            return Err(Failure::usage(
                "an export is NDJSON or CloudEvents",
                "use `-o ndjson` or `-o cloudevents`, or `annals read` for people",
            ));
        }
    };
    let query = args.select.selection()?.query()?;
    let store = session.open()?;
    let source = source_of(store.as_ref())?;
    let mut printer = Printer::new(Some(format), crate::output::Shape::Events, Style::Plain);
    let mut count: u64 = 0;
    for event in stream::block_on(store.read(ReadAll::new(query).into())) {
        let event = event.or_fail(|| "the export is incomplete")?;
        printer.item(&EventItem { event: &event, source: &source })?;
        count += 1;
    }
    printer.finish()?;
    session.note(&format!("{count} events exported"));
    Ok(Exit::Ok)
}
