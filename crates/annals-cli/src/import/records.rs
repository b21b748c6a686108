//! Records: rows that are numbered, identified and understood.
//!
//! The id of a record is derived from the mapping and from every row up to and including its
//! own. So equal rows at different places get different ids, the same file under the same
//! mapping always gives the same ids, and finding one of them in a store proves that everything
//! before it was the same too.

use std::io::BufReader;

use annals::{EventId, Result, in_full};
use uuid::Uuid;

use super::{
    BadRecord, Mapping, ROW_BYTES_MAX, Record, cloudevent, compression, detect,
    fields::Fields,
    native,
    plain::{Objects, Table},
    rows::{Content, Rows, unreadable},
};

/// Namespace of derived ids; made once, at random.
const NAMESPACE: Uuid = Uuid::from_u128(0x3c60_3a52_1f7b_4d0e_9a2c_47d1_8e6b_0f93);

/// The records of a file.
pub(crate) struct Records {
    rows: Rows,
    shape: Shape,
    mapping: Mapping,
    /// Rows so far.
    count: u64,
    /// Stands for everything so far.
    chain: Uuid,
    digest: Vec<u8>,
    is_ended: bool,
}

/// A row that was understood, or not.
#[derive(Debug)]
pub(crate) struct Numbered {
    /// How many rows there were up to this one.
    pub(crate) number: u64,
    /// Stands for everything up to this row; the id of a record that has none of its own.
    pub(crate) chain: EventId,
    /// What it says.
    pub(crate) record: Result<Record, BadRecord>,
}

/// What rows stand for.
#[derive(Debug)]
enum Shape {
    Table(Table),
    Objects(Objects),
    Events,
}

impl Records {
    /// Looks at the beginning of a file. `name` keeps the ids of deliberate repetitions apart.
    ///
    /// # Errors
    /// A file or mapping of which no record can be made.
    pub(crate) fn new(input: compression::Input, mapping: &Mapping, name: &str) -> Result<Self> {
        let text =
            BufReader::with_capacity(64 * 1024, compression::undo(input).map_err(unreadable)?);
        let rows = detect::rows(text, mapping)?;
        let mut seed = format!("{name}\n{}\n", mapping.fingerprint());
        let shape = match &rows {
            Rows::Csv(csv) => {
                seed.push_str(&csv.columns().join("\u{1f}"));
                Shape::Table(Table::new(mapping, csv.columns())?)
            }
            _ if mapping.has_templates() => Shape::Objects(Objects::new(mapping)?),
            _ => Shape::Events,
        };
        Ok(Self {
            rows,
            shape,
            mapping: mapping.clone(),
            count: 0,
            chain: Uuid::new_v5(&NAMESPACE, seed.as_bytes()),
            digest: Vec::new(),
            is_ended: false,
        })
    }

    fn read(&mut self) -> Result<Option<Numbered>> {
        let Some(row) = self.rows.next()? else { return Ok(None) };
        self.count += 1;
        self.digest.clear();
        row.content.digest_into(&mut self.digest);
        let chain = EventId::derived(self.chain, &self.digest);
        self.chain = chain.as_uuid();
        let line = row.line;
        let record = understand(&self.shape, &self.mapping, &row.content, line, chain);
        let record = record.map_err(|reason| BadRecord { line, reason });
        Ok(Some(Numbered { number: self.count, chain, record }))
    }
}

/// Makes a record of a row and checks that a store would take it.
fn understand(
    shape: &Shape,
    mapping: &Mapping,
    content: &Content<'_>,
    line: u64,
    id: EventId,
) -> Result<Record, String> {
    let record = match (shape, content) {
        (_, Content::TooLong(_)) => return Err(format!("longer than {ROW_BYTES_MAX} bytes")),
        (Shape::Table(table), Content::Cells(cells)) => table.record(line, id, cells),
        (_, Content::Cells(_)) => return Err("cells without a table".to_owned()),
        (_, Content::Json(text)) => object(shape, mapping, &Fields::parse(text)?, line, id),
    }?;
    check(record)
}

fn object(
    shape: &Shape,
    mapping: &Mapping,
    fields: &Fields<'_>,
    line: u64,
    id: EventId,
) -> Result<Record, String> {
    match shape {
        _ if fields.get("specversion").is_some() => cloudevent::parse(fields, line, mapping),
        Shape::Objects(objects) => objects.record(line, id, fields),
        _ if mapping.has_parts() => Err("a finished event; `--time`, `--meta` and `--tag` are \
             for plain records (with `--stream` and `--type`) and CloudEvents"
            .to_owned()),
        Shape::Events | Shape::Table(_) => native::parse(fields, line, None, || id),
    }
}

/// The limits and reserved names, so that one bad record cannot refuse a whole batch.
fn check(record: Record) -> Result<Record, String> {
    if record.is_tombstone() {
        return Ok(record);
    }
    let Record { line, stream, version, event } = record;
    let mut append = annals::Append::to(stream, annals::ExpectedVersion::Any, [event]);
    append.check().map_err(|error| in_full(&error))?;
    let write = append.writes.pop().ok_or("the record is gone")?;
    let event = write.events.into_iter().next().ok_or("the record is gone")?;
    Ok(Record { line, stream: write.stream, version, event })
}

impl Iterator for Records {
    type Item = Result<Numbered>;

    /// The first error ends it.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_ended {
            return None;
        }
        let next = self.read().transpose();
        self.is_ended = !matches!(next, Some(Ok(_)));
        next
    }
}
