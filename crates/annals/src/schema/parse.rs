//! From the text of a lock file to the lock; errors name the line.

use std::str::FromStr;

use bytes::Bytes;

use super::{Block, Failure, Field, Lock, lock::FORMATS};

impl FromStr for Lock {
    type Err = Failure;

    /// Reads the text of a lock file. Lines that begin with `#` and empty lines say nothing.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let mut lock = Self::default();
        let mut current = None;
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let read = match line.strip_prefix("  ") {
                Some(content) => read_content(&mut lock, current.as_ref(), content),
                None => read_heading(&mut lock, line).map(|key| current = Some(key)),
            };
            read.map_err(|why| Failure::new(format!("line {}: {why}: `{line}`", number + 1)))?;
        }
        Ok(lock)
    }
}

type Key = (String, u32);

/// `event NAME version N FORMAT`; the name may hold spaces.
fn read_heading(lock: &mut Lock, line: &str) -> Result<Key, String> {
    const FORM: &str = "expected `event NAME version N FORMAT`, or a field indented by two spaces";
    let rest = line.strip_prefix("event ").ok_or(FORM)?;
    let (rest, format) = rest.rsplit_once(' ').ok_or(FORM)?;
    let (name, version) = rest.rsplit_once(" version ").ok_or(FORM)?;
    let format = FORMATS.iter().find(|(_, name)| *name == format).ok_or_else(|| {
        format!("`{format}` is no format; there are `json`, `cbor`, `msgpack` and `raw`")
    })?;
    let number: Option<u32> = version.parse().ok().filter(|version| *version > 0);
    let number = number.ok_or_else(|| format!("`{version}` is no schema version, from 1"))?;
    let key = (name.to_owned(), number);
    let block = Block { format: format.0, fields: Vec::new(), sample: None };
    match lock.blocks.insert(key.clone(), block) {
        None => Ok(key),
        Some(_) => Err("this schema version stands here twice".to_owned()),
    }
}

/// A field, or the sample.
fn read_content(lock: &mut Lock, current: Option<&Key>, content: &str) -> Result<(), String> {
    let block = current.and_then(|key| lock.blocks.get_mut(key));
    let block = block.ok_or("a field stands before any event")?;
    if let Some(sample) = content.strip_prefix("= ") {
        return match block.sample.replace(read_sample(sample)?) {
            None => Ok(()),
            Some(_) => Err("a second sample; there is one for a schema version".to_owned()),
        };
    }
    let field = read_field(content)?;
    if block.fields.iter().any(|other| other.name == field.name) {
        return Err(format!("field `{}` stands here twice", field.name));
    }
    block.fields.push(field);
    Ok(())
}

/// `NAME: TYPE`, then `optional` and `tag` if it is.
fn read_field(text: &str) -> Result<Field, String> {
    const FORM: &str = "expected `NAME: TYPE`, then `optional` and `tag` if the field is that";
    let (name, rest) = text.rsplit_once(": ").ok_or(FORM)?;
    let mut words = rest.split_whitespace();
    let type_name = words.next().ok_or(FORM)?.to_owned();
    let mut field = Field { name: name.to_owned(), type_name, is_optional: false, is_tag: false };
    for word in words {
        match word {
            "optional" => field.is_optional = true,
            "tag" => field.is_tag = true,
            _ => return Err(format!("`{word}` is unknown here; {FORM}")),
        }
    }
    Ok(field)
}

fn read_sample(text: &str) -> Result<Bytes, String> {
    let Some(digits) = text.strip_prefix("0x") else {
        return Ok(Bytes::copy_from_slice(text.as_bytes()));
    };
    let byte = |pair: &[u8]| {
        let [high, low] = pair else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        Some(digit(high)? << 4 | digit(low)?)
    };
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    bytes.map(Bytes::from).ok_or_else(|| "the sample is no hexadecimal".to_owned())
}
