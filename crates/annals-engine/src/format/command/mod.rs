//! Commands as bytes: what the entries of a replicated log ask for.
//!
//! Nothing is parsed but what is needed to tell the fields apart; limits are checked when a command
//! is applied, so that a command which a caller should not have sent is refused on every node
//! alike.

mod append;
mod restore;

use annals_core::{
    Append, DeleteMode, DeleteStream, Error, ErrorKind, ExpectedVersion, Restore, Result,
    StateExpected, StatePut, StreamName, Version,
};
use bytes::Bytes;

use super::{
    Damaged,
    cursor::{Cursor, put_bytes, put_varint},
    record::{put_key, read_key},
};

const KIND_APPEND: u8 = 1;
const KIND_DELETE: u8 = 2;
const KIND_PUT_STATE: u8 = 3;
const KIND_RESTORE: u8 = 4;

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

/// What an entry of the log asks for.
#[derive(Debug)]
pub enum Command {
    /// See [`Backend::append`](annals_core::Backend::append).
    Append(Append),
    /// See [`Backend::delete_stream`](annals_core::Backend::delete_stream).
    Delete(DeleteStream),
    /// See [`Backend::put_state`](annals_core::Backend::put_state).
    PutState(StatePut),
    /// See [`Backend::restore`](annals_core::Backend::restore).
    Restore(Restore),
}

impl Command {
    /// Appends the command as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Append(append) => {
                out.push(KIND_APPEND);
                append::put(out, append);
            }
            Self::Delete(delete) => {
                out.push(KIND_DELETE);
                put_bytes(out, delete.stream.as_str().as_bytes());
                put_expected(out, delete.expected);
                out.push(match delete.mode {
                    DeleteMode::Soft => 0,
                    DeleteMode::Tombstone => 1,
                });
            }
            Self::PutState(put) => {
                out.push(KIND_PUT_STATE);
                put_state(out, put);
            }
            Self::Restore(restore) => {
                out.push(KIND_RESTORE);
                restore::put(out, restore);
            }
        }
    }

    /// Reads a command from its bytes, which it then shares.
    ///
    /// # Errors
    /// `Corrupted` when they are none, also when a newer version wrote a kind that this one does
    /// not know.
    pub fn decode(bytes: &Bytes) -> Result<Self> {
        decode(bytes).map_err(|what| {
            Error::new(ErrorKind::Corrupted, format!("a command of the log cannot be read: {what}"))
        })
    }
}

fn decode(bytes: &Bytes) -> Result<Command, Damaged> {
    let mut cursor = Cursor::new(bytes);
    let command = match cursor.u8()? {
        KIND_APPEND => Command::Append(append::read(&mut cursor)?),
        KIND_DELETE => Command::Delete(read_delete(&mut cursor)?),
        KIND_PUT_STATE => Command::PutState(read_state(&mut cursor)?),
        KIND_RESTORE => Command::Restore(restore::read(&mut cursor)?),
        _ => return Err(Damaged("a kind of command is not known")),
    };
    if !cursor.rest().is_empty() {
        return Err(Damaged("a command is longer than its fields"));
    }
    Ok(command)
}

fn read_delete(cursor: &mut Cursor<'_>) -> Result<DeleteStream, Damaged> {
    let stream = StreamName::from_stored(cursor.text()?);
    let expected = read_expected(cursor)?;
    let mode = match cursor.u8()? {
        0 => DeleteMode::Soft,
        1 => DeleteMode::Tombstone,
        _ => return Err(Damaged("a way of deleting is not known")),
    };
    Ok(DeleteStream { stream, expected, mode })
}

fn put_expected(out: &mut Vec<u8>, expected: ExpectedVersion) {
    match expected {
        ExpectedVersion::Any => out.push(0),
        ExpectedVersion::NoStream => out.push(1),
        ExpectedVersion::StreamExists => out.push(2),
        ExpectedVersion::Exact(version) => {
            out.push(3);
            put_varint(out, version.get());
        }
    }
}

fn read_expected(cursor: &mut Cursor<'_>) -> Result<ExpectedVersion, Damaged> {
    Ok(match cursor.u8()? {
        0 => ExpectedVersion::Any,
        1 => ExpectedVersion::NoStream,
        2 => ExpectedVersion::StreamExists,
        3 => ExpectedVersion::Exact(Version::new(cursor.varint()?)),
        _ => return Err(Damaged("a kind of expected version is not known")),
    })
}

fn put_state(out: &mut Vec<u8>, put: &StatePut) {
    put_key(out, &put.key);
    match put.expected {
        StateExpected::Any => out.push(0),
        StateExpected::Absent => out.push(1),
        StateExpected::Revision(revision) => {
            out.push(2);
            put_varint(out, revision);
        }
    }
    put_optional(out, put.value.as_deref());
}

fn read_state(cursor: &mut Cursor<'_>) -> Result<StatePut, Damaged> {
    let key = read_key(cursor)?;
    let expected = match cursor.u8()? {
        0 => StateExpected::Any,
        1 => StateExpected::Absent,
        2 => StateExpected::Revision(cursor.varint()?),
        _ => return Err(Damaged("a kind of expected revision is not known")),
    };
    Ok(StatePut { key, expected, value: read_optional(cursor)? })
}

fn put_optional(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => out.push(ABSENT),
        Some(bytes) => {
            out.push(PRESENT);
            put_bytes(out, bytes);
        }
    }
}

fn read_optional(cursor: &mut Cursor<'_>) -> Result<Option<Bytes>, Damaged> {
    Ok(if is_present(cursor)? { Some(cursor.bytes()?) } else { None })
}

fn is_present(cursor: &mut Cursor<'_>) -> Result<bool, Damaged> {
    match cursor.u8()? {
        ABSENT => Ok(false),
        PRESENT => Ok(true),
        _ => Err(Damaged("a field is neither there nor not there")),
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    put_varint(out, count as u64);
}

/// Reads a list. Memory is taken as it is read, because a count may be made up.
fn read_list<'a, T>(
    cursor: &mut Cursor<'a>,
    mut item: impl FnMut(&mut Cursor<'a>) -> Result<T, Damaged>,
) -> Result<Vec<T>, Damaged> {
    let count = cursor.varint()?;
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(item(cursor)?);
    }
    Ok(items)
}

#[cfg(test)]
mod tests;
