//! `annals import`: events from files, each record once, however often it is run.

use std::{
    fs::File,
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use annals::Backend;
use serde::Serialize;

use super::append::{close, key_value};
use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    import::{Format, Load, Loaded, Mapping, OnError, Records, Step, Template, load},
    output::{Item, Shape},
    progress::Progress,
    session::Session,
};

/// Import events from CSV, NDJSON or CloudEvents, plain or compressed
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals import events.ndjson                  what `annals export` wrote, or CloudEvents\n  \
    annals import loans.csv.gz --stream 'application-{application}' --type '{activity}' \\\n    \
        --time '{occurred_at}' --meta 'userId={resource}'\n  \
    curl ... | annals import - --stream 'order-{order}' --type '{event}' --tag 'customer:{who}'\n\n\
    In a template `{name}` is the value of a column or field, `{{` and `}}` are braces. Columns\n\
    that --stream, --type, --time or --meta name are not repeated in the data; all others are,\n\
    also those that only --tag names. CSV cells are JSON strings, unless --number names their\n\
    column. Compression (.gz, .zst) is told by the content of a file.\n\n\
    An import can be run again at any time, also after it was killed: it goes on where it was.\n\
    It knows itself by its first row and its mapping, and checks that what it did before is in\n\
    the store; --name sets apart two inputs that begin alike.")]
pub(crate) struct Args {
    /// The files, `-` for stdin
    #[arg(value_name = "FILE|-", required = true)]
    files: Vec<String>,
    /// The stream of a record
    #[arg(long, value_name = "TEMPLATE", requires = "event_type")]
    stream: Option<String>,
    /// The type of a record
    #[arg(long = "type", id = "event_type", value_name = "TEMPLATE", requires = "stream")]
    event_type: Option<String>,
    /// When it happened (RFC 3339); the store still records when it took it
    #[arg(long, value_name = "TEMPLATE")]
    time: Option<String>,
    /// A note in the metadata; left out where it comes out empty
    #[arg(long, value_name = "KEY=TEMPLATE")]
    meta: Vec<String>,
    /// A tag; left out where it comes out empty
    #[arg(long = "tag", value_name = "TEMPLATE")]
    tags: Vec<String>,
    /// A CSV column that holds numbers; empty cells become null
    #[arg(long = "number", value_name = "COLUMN", value_delimiter = ',')]
    numbers: Vec<String>,
    /// What the files hold
    #[arg(long, value_enum, value_name = "auto|csv|json", default_value = "auto")]
    format: Format,
    /// What separates the cells of CSV
    #[arg(long, value_name = "CHAR", default_value = ",")]
    delimiter: char,
    /// What to do with a record that cannot be used
    #[arg(long, value_enum, value_name = "stop|skip", default_value = "stop")]
    on_error: OnError,
    /// Know the import by this name instead of by its first row
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// What became of a file.
#[derive(Debug, Serialize)]
struct Row {
    file: String,
    events: u64,
    already_done: u64,
    skipped: u64,
    seconds: f64,
    events_per_second: u64,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] =
        &["FILE", "EVENTS", "ALREADY DONE", "SKIPPED", "SECONDS", "EVENTS PER SECOND"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.file.clone(),
            self.events.to_string(),
            self.already_done.to_string(),
            self.skipped.to_string(),
            format!("{:.2}", self.seconds),
            self.events_per_second.to_string(),
        ]
    }

    fn key(&self) -> String {
        self.events.to_string()
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let mapping = args.mapping()?;
    let shape = if args.files.len() == 1 { Shape::Single } else { Shape::List };
    let mut printer = session.printer(shape)?;
    let store = session.open_or_create()?;
    let mut exit = Exit::Ok;
    for file in &args.files {
        let row = import(file, &mapping, args, store.as_ref(), session)?;
        if row.skipped > 0 {
            exit = Exit::Partial;
        }
        printer.item(&row)?;
    }
    printer.finish()?;
    close(store.as_ref())?;
    Ok(exit)
}

impl Args {
    fn mapping(&self) -> Result<Mapping> {
        let template = |text: &Option<String>| text.as_deref().map(str::parse).transpose();
        let metadata = self.meta.iter().map(|pair| {
            let (key, text) = key_value(pair)?;
            Ok((key.to_owned(), text.parse::<Template>()?))
        });
        let tags: annals::Result<_> = self.tags.iter().map(|text| text.parse()).collect();
        Ok(Mapping {
            format: self.format,
            delimiter: u8::try_from(self.delimiter).map_err(|_| {
                Failure::usage("the delimiter is no ASCII character", "use `,`, `;` or a tab")
            })?,
            stream: template(&self.stream)?,
            event_type: template(&self.event_type)?,
            time: template(&self.time)?,
            metadata: metadata.collect::<Result<_>>()?,
            tags: tags?,
            numbers: self.numbers.clone(),
        })
    }
}

/// A file that counts how far it was read.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

type Opened = (Box<dyn Read + Send>, Arc<AtomicU64>, Option<u64>);

/// A file, the count of bytes read, and how many there are.
fn open(file: &str) -> Result<Opened> {
    let bytes = Arc::new(AtomicU64::new(0));
    if file == "-" {
        let counted = Counted { inner: io::stdin(), bytes: Arc::clone(&bytes) };
        return Ok((Box::new(counted), bytes, None));
    }
    let what = || format!("`{file}` could not be read");
    let inner = File::open(file).or_fail(what)?;
    let metadata = inner.metadata().or_fail(what)?;
    let total = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(Counted { inner, bytes: Arc::clone(&bytes) }), bytes, total))
}

fn import(
    file: &str,
    mapping: &Mapping,
    args: &Args,
    store: &dyn Backend,
    session: &Session,
) -> Result<Row> {
    let began = Instant::now();
    let what = || format!("`{file}` was not imported whole");
    let (input, bytes_read, bytes_total) = open(file)?;
    let name = args.name.clone();
    let records =
        Records::new(input, mapping, name.as_deref().unwrap_or_default()).or_fail(what)?;
    let progress = Progress::bytes(session, bytes_total);
    let mut events: u64 = 0;
    let mut observe = |step: Step<'_>| match step {
        Step::Appended(count) => {
            events += count;
            progress.set(bytes_read.load(Ordering::Relaxed));
            progress.say(format!("{events} events, {}/s", rate(events, began)));
        }
        Step::Skipped(bad) => progress.above(&format!("skipped {bad}")),
    };
    let on_error = args.on_error;
    let loaded = load(Load { store, records, name, on_error, observe: &mut observe });
    progress.clear();
    let loaded = loaded.or_fail(what).map_err(with_hint)?;
    tell(&loaded, file, session)?;
    Ok(Row {
        file: file.to_owned(),
        events: loaded.appended,
        already_done: loaded.done_before + loaded.duplicates,
        skipped: loaded.skipped,
        seconds: began.elapsed().as_secs_f64(),
        events_per_second: rate(loaded.appended, began),
    })
}

fn with_hint(failure: Failure) -> Failure {
    match failure.exit() {
        Exit::Conflict => failure.with_hint(
            "give this input a name of its own with `--name`, if it is another one; what was \
             imported before stays",
        ),
        Exit::Unavailable => failure
            .with_hint("make room or free the store, then run the same command again: it goes on"),
        _ => failure,
    }
}

/// Says what is worth knowing, or how it failed.
fn tell(loaded: &Loaded, file: &str, session: &Session) -> Result<()> {
    let count = loaded.appended;
    if let Some(bad) = &loaded.stopped {
        return Err(Failure::new(
            Exit::Failure,
            format!("the import of `{file}` stopped at line {} after {count} events", bad.line),
            &bad.reason,
            "correct the line and run the command again: it goes on there; or add `--on-error skip`",
        ));
    }
    if loaded.done_before > 0 {
        session.note(&format!("went on after {} rows done before", loaded.done_before));
    }
    if loaded.duplicates > 0 {
        session.note(&format!("{} events were in the store already", loaded.duplicates));
    }
    if loaded.renumbered > 0 {
        session.note(&format!(
            "{} events have another version than in the file, which does not begin where their \
             streams do here",
            loaded.renumbered
        ));
    }
    Ok(())
}

fn rate(events: u64, since: Instant) -> u64 {
    let seconds = since.elapsed().as_secs_f64();
    if seconds > 0.0 { (events as f64 / seconds) as u64 } else { 0 }
}
