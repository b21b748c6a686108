//! `annals append`: events into one or more streams, all or nothing.

use std::{fs::File, io};

use annals::{
    Append, Appended, Backend, ContentType, Error, EventId, ExpectedVersion, Metadata, NewEvent,
    StreamName, Tag, Tags, Version, limits,
};
use bytes::Bytes;
use futures_lite::future::block_on;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    import::{Fields, parse_native},
    output::{Item, Shape},
    payload,
    session::Session,
};

/// Append an event to a stream, or a batch of events to any streams
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals append account-1 opened '{\"owner\":\"Ann\"}' --expect none\n  \
    annals append account-1 deposited '{\"cents\":500}' --expect 0 --tag customer:ann\n  \
    echo '{\"cents\":500}' | annals append account-1 deposited -\n  \
    annals append --batch transfer.ndjson\n\n\
    A batch holds one JSON object per line, with the fields of `annals read -o ndjson`; only\n\
    `type` must be there, and `stream` unless STREAM is given. It is stored whole or not at all.")]
pub(crate) struct Args {
    /// The stream
    #[arg(required_unless_present = "batch")]
    stream: Option<String>,
    /// What happened
    #[arg(value_name = "TYPE", required_unless_present = "batch", conflicts_with = "batch")]
    event_type: Option<String>,
    /// The facts: JSON (`{}` when left out), `-` for stdin, `@FILE` for a file
    #[arg(value_name = "JSON|-|@FILE", conflicts_with = "batch")]
    data: Option<String>,
    /// What the stream must look like before: any, none, exists, or the version of its last event
    #[arg(long, value_name = "any|none|exists|N", default_value = "any")]
    expect: String,
    /// The id of the event; the same id again is the same event again
    #[arg(long, value_name = "UUID", conflicts_with = "batch")]
    id: Option<String>,
    /// A note in the metadata
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "batch")]
    meta: Vec<String>,
    /// What the event belongs to, across streams
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    correlation: Option<String>,
    /// What caused the event
    #[arg(long, value_name = "ID", conflicts_with = "batch")]
    causation: Option<String>,
    /// A tag to find the event by
    #[arg(long = "tag", value_name = "TAG", conflicts_with = "batch")]
    tags: Vec<String>,
    /// When it happened, if not now: 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "batch")]
    time: Option<String>,
    /// The media type of the data
    #[arg(long, value_name = "TYPE", default_value = "application/json", conflicts_with = "batch")]
    content_type: String,
    /// Which form of its type the data has
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "batch")]
    schema_version: u32,
    /// Read events from a file of JSON lines, or `-` for stdin
    #[arg(long, value_name = "FILE|-")]
    batch: Option<String>,
}

/// What was appended to one stream.
#[derive(Debug, Serialize)]
struct Row {
    stream: String,
    version: Option<u64>,
    position: Option<u64>,
    events: u64,
    duplicate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] = &["STREAM", "VERSION", "POSITION"];

    fn cells(&self) -> Vec<String> {
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        vec![self.stream.clone(), number(self.version), number(self.position)]
    }

    fn key(&self) -> String {
        self.id.clone().unwrap_or_else(|| self.stream.clone())
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let append = args.append()?;
    append.check().or_fail(|| "nothing was appended")?;
    let id = match append.event_count() {
        1 => append.writes.iter().flat_map(|write| &write.events).next().map(|event| event.id),
        _ => None,
    };
    let counts: Vec<u64> = append.writes.iter().map(|write| write.events.len() as u64).collect();
    let store = session.open_or_create()?;
    let appended = block_on(store.append(append)).or_fail(|| "nothing was appended")?;
    print(session, &appended, &counts, id)?;
    close(store.as_ref())?;
    Ok(Exit::Ok)
}

/// Gives the store up in order. What was acknowledged is safe even without it.
pub(crate) fn close(store: &dyn Backend) -> Result<()> {
    block_on(store.close()).or_fail(|| "the store could not be closed")
}

fn print(
    session: &Session,
    appended: &Appended,
    counts: &[u64],
    id: Option<EventId>,
) -> Result<()> {
    let shape = if appended.streams.len() == 1 { Shape::Single } else { Shape::List };
    let mut printer = session.printer(shape)?;
    for (stream, events) in appended.streams.iter().zip(counts) {
        printer.item(&Row {
            stream: stream.stream.to_string(),
            version: stream.last_version.map(Version::get),
            position: appended.position.map(annals::Position::get),
            events: *events,
            duplicate: appended.duplicate,
            id: id.map(|id| id.to_string()),
        })?;
    }
    printer.finish()?;
    if appended.duplicate {
        session.note("already stored: this was a repetition, and nothing was written");
    }
    Ok(())
}

impl Args {
    fn append(&self) -> Result<Append> {
        let expected = expected(&self.expect)?;
        let stream: Option<StreamName> = self.stream.as_deref().map(str::parse).transpose()?;
        if let Some(file) = &self.batch {
            return batch(file, stream.as_ref(), expected);
        }
        let (Some(stream), Some(event_type)) = (stream, &self.event_type) else {
            return Err(Failure::usage(
                "a stream and a type are needed",
                "see `annals help append`",
            ));
        };
        let content_type = ContentType::new(self.content_type.clone())?;
        let data = match &self.data {
            Some(data) => payload::read(data)?,
            None if content_type == ContentType::Json => Bytes::from_static(b"{}"),
            None => Bytes::new(),
        };
        if content_type == ContentType::Json {
            payload::check_json(&data, "the data")?;
        }
        let tags: annals::Result<Vec<Tag>> = self.tags.iter().map(|tag| tag.parse()).collect();
        let event = NewEvent {
            id: self.id.as_deref().map_or_else(|| Ok(EventId::random()), str::parse)?,
            event_type: event_type.parse()?,
            schema_version: self.schema_version,
            data,
            content_type,
            metadata: self.metadata()?,
            tags: Tags::new(tags?)?,
            time: self.time.as_deref().map(str::parse).transpose()?,
        };
        Ok(Append::to(stream, expected, [event]))
    }

    fn metadata(&self) -> Result<Metadata> {
        let mut object = Map::new();
        let correlation = self.correlation.iter().map(|id| ("$correlationId", id.as_str()));
        let causation = self.causation.iter().map(|id| ("$causationId", id.as_str()));
        let given = self.meta.iter().map(|pair| key_value(pair)).collect::<Result<Vec<_>>>()?;
        for (key, value) in correlation.chain(causation).chain(given) {
            if object.insert(key.to_owned(), Value::from(value)).is_some() {
                return Err(Error::invalid(format!("metadata key `{key}` is given twice")).into());
            }
        }
        if object.is_empty() {
            return Ok(Metadata::none());
        }
        Ok(Metadata::new(Bytes::from(Value::Object(object).to_string())))
    }
}

/// Splits `KEY=VALUE`.
pub(crate) fn key_value(pair: &str) -> Result<(&str, &str)> {
    match pair.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key, value)),
        _ => Err(Error::invalid(format!("`{pair}` is not KEY=VALUE")).into()),
    }
}

/// Reads an expected version.
pub(crate) fn expected(text: &str) -> Result<ExpectedVersion> {
    match text {
        "any" => Ok(ExpectedVersion::Any),
        "none" => Ok(ExpectedVersion::NoStream),
        "exists" => Ok(ExpectedVersion::StreamExists),
        _ => text.parse().map(|n| ExpectedVersion::Exact(Version::new(n))).map_err(|_| {
            let why = format!("`{text}` is no expected version; use any, none, exists or a number");
            Error::invalid(why).into()
        }),
    }
}

/// Reads a whole batch, in the order of its lines.
fn batch(file: &str, stream: Option<&StreamName>, expected: ExpectedVersion) -> Result<Append> {
    // JSON around the payloads may take more room than they do.
    let bytes_max = 2 * limits::APPEND_BYTES_MAX;
    let text = match file {
        "-" => payload::bounded(io::stdin().lock(), "stdin", bytes_max)?,
        path => {
            let opened = File::open(path).or_fail(|| format!("`{path}` could not be read"))?;
            payload::bounded(opened, path, bytes_max)?
        }
    };
    let mut events = Vec::new();
    for (line, text) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let record = Fields::parse(text)
            .and_then(|fields| parse_native(&fields, line, stream, EventId::random))
            .map_err(|reason| Error::invalid(format!("line {line}: {reason}")))
            .or_fail(|| "nothing was appended")?;
        events.push((record.stream, record.event));
    }
    let append = Append::interleaved(expected, events);
    match (expected, append.writes.len()) {
        (ExpectedVersion::Exact(_), 2..) => Err(Failure::usage(
            "a version is expected of several streams",
            "use `--expect any|none|exists`, or a batch for one stream",
        )),
        _ => Ok(append),
    }
}
