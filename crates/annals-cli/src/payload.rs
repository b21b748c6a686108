//! Payloads on the command line: text, `-` for stdin, `@FILE` for a file.

use std::{
    fs::File,
    io::{self, Read},
};

use annals::{Error, limits};
use bytes::Bytes;

use crate::failure::{OrFail, Result};

/// Reads a payload. What is over the size of an event is not read to its end.
pub(crate) fn read(text: &str) -> Result<Bytes> {
    match (text, text.strip_prefix('@')) {
        ("-", _) => bounded(io::stdin().lock(), "stdin", limits::EVENT_BYTES_MAX),
        (_, Some(path)) => {
            let file = File::open(path).or_fail(|| format!("`{path}` could not be read"))?;
            bounded(file, path, limits::EVENT_BYTES_MAX)
        }
        _ => Ok(Bytes::copy_from_slice(text.as_bytes())),
    }
}

/// Reads all there is, unless it is too much.
pub(crate) fn bounded(from: impl Read, name: &str, bytes_max: usize) -> Result<Bytes> {
    let mut bytes = Vec::new();
    let limit = (bytes_max as u64).saturating_add(1);
    from.take(limit).read_to_end(&mut bytes).or_fail(|| format!("`{name}` could not be read"))?;
    if bytes.len() > bytes_max {
        let error = Error::too_large("the input in bytes, read so far,", bytes.len(), bytes_max);
        return Err(error).or_fail(|| format!("`{name}` was not used"));
    }
    Ok(bytes.into())
}

/// Checks that bytes are one JSON value.
pub(crate) fn check_json(bytes: &[u8], what: &str) -> annals::Result<()> {
    let checked: Result<&serde_json::value::RawValue, _> = serde_json::from_slice(bytes);
    checked
        .map(drop)
        .map_err(|error| Error::invalid(format!("{what} is not JSON")).caused_by(error))
}
