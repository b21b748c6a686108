//! What goes to stdout: one item at a time, in the format asked for.
//!
//! Data goes to stdout and everything else to stderr. The JSON fields are documented in
//! `docs/cli-output.md` and stable; tables are for people and may change.

mod cloudevents;
mod event;
mod json;
mod ndjson;
mod plain;
mod style;
mod table;

use std::io::{self, BufWriter, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;

pub(crate) use cloudevents::CloudEvent;
pub(crate) use event::EventItem;
pub(crate) use style::Style;
pub(crate) use table::escape;

use json::Array;
use table::Table;

/// How the output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns with a header, for people
    Table,
    /// Tab-separated values without a header
    Plain,
    /// One JSON document
    Json,
    /// One JSON object per line
    Ndjson,
    /// One CloudEvent (JSON) per line; events only
    Cloudevents,
}

/// What a command prints, which decides the format of pipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Events: NDJSON in a pipe.
    Events,
    /// A list of other things: tab-separated in a pipe.
    List,
    /// One thing with named parts.
    Single,
}

/// Something to print.
pub(crate) trait Item: Serialize {
    /// Names of the columns.
    const COLUMNS: &'static [&'static str];

    /// The columns as text.
    fn cells(&self) -> Vec<String>;

    /// What `--quiet` leaves: the id or name.
    fn key(&self) -> String;

    /// The item as a CloudEvent, if it is an event.
    fn cloud_event(&self) -> Option<CloudEvent<'_>> {
        None
    }
}

/// Writes items to stdout.
#[derive(Debug)]
pub(crate) struct Printer {
    out: BufWriter<io::Stdout>,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    Keys,
    Table(Table),
    Named(Style),
    Plain,
    PlainNamed,
    Json(Array),
    JsonSingle,
    Ndjson,
    CloudEvents,
}

/// Room for what is written between two flushes.
const BUFFER_BYTES: usize = 64 * 1024;

impl Printer {
    /// A printer in the format asked for, or in the one that suits where stdout goes.
    pub(crate) fn new(format: Option<Format>, shape: Shape, style: Style) -> Self {
        let format = format.unwrap_or_else(|| default_format(shape));
        let layout = match (format, shape) {
            (Format::Table, Shape::Single) => Layout::Named(style),
            (Format::Table, _) => Layout::Table(Table::new(style)),
            (Format::Plain, Shape::Single) => Layout::PlainNamed,
            (Format::Plain, _) => Layout::Plain,
            (Format::Json, Shape::Single) => Layout::JsonSingle,
            (Format::Json, _) => Layout::Json(Array::default()),
            (Format::Ndjson, _) => Layout::Ndjson,
            (Format::Cloudevents, _) => Layout::CloudEvents,
        };
        Self::with_layout(layout)
    }

    /// A printer of ids and names only.
    pub(crate) fn keys() -> Self {
        Self::with_layout(Layout::Keys)
    }

    fn with_layout(layout: Layout) -> Self {
        Self { out: BufWriter::with_capacity(BUFFER_BYTES, io::stdout()), layout }
    }

    /// Writes an item.
    pub(crate) fn item<I: Item>(&mut self, item: &I) -> io::Result<()> {
        let out = &mut self.out;
        match &mut self.layout {
            Layout::Keys => writeln!(out, "{}", escape(&item.key())),
            Layout::Table(table) => table.row(out, I::COLUMNS, &item.cells()),
            Layout::Named(style) => table::named(out, I::COLUMNS, &item.cells(), *style),
            Layout::Plain => plain::row(out, &item.cells()),
            Layout::PlainNamed => plain::named(out, I::COLUMNS, &item.cells()),
            Layout::Json(array) => array.element(out, item),
            Layout::JsonSingle => json::single(out, item),
            Layout::Ndjson => ndjson::line(out, item),
            Layout::CloudEvents => match item.cloud_event() {
                Some(event) => ndjson::line(out, &event),
                None => Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "only events can be written as CloudEvents",
                )),
            },
        }
    }

    /// Hands over what was written so far, for output that somebody watches.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if let Layout::Table(table) = &mut self.layout {
            table.flush(&mut self.out)?;
        }
        self.out.flush()
    }

    /// Ends the output.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if let Layout::Json(array) = &self.layout {
            array.end(&mut self.out)?;
        }
        self.flush()
    }
}

fn default_format(shape: Shape) -> Format {
    match (io::stdout().is_terminal(), shape) {
        (true, _) => Format::Table,
        (false, Shape::Events) => Format::Ndjson,
        (false, Shape::List | Shape::Single) => Format::Plain,
    }
}
