//! Values on their way to and from PostgreSQL, without copies and without a calendar.

use std::error::Error;

use annals_core::Timestamp;
use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// 2000-01-01T00:00:00Z, where PostgreSQL counts from, in microseconds since 1970.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A time as `timestamptz`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl ToSql for Time {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i64(self.0.as_micros().saturating_sub(EPOCH_MICROS));
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TIMESTAMPTZ
    }

    to_sql_checked!();
}

impl FromSql<'_> for Time {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(Timestamp::from_micros(micros.saturating_add(EPOCH_MICROS))))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TIMESTAMPTZ
    }
}

/// Text that is known to be JSON, as `json`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: AsRef<[u8]> + std::fmt::Debug> ToSql for Json<T> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(self.0.as_ref());
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSON
    }

    to_sql_checked!();
}

/// The 16 bytes of a UUID.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id(pub(crate) [u8; 16]);

impl ToSql for Id {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }

    to_sql_checked!();
}

impl FromSql<'_> for Id {
    fn from_sql(_: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }
}

/// A value as it is on the wire: the bytes of `bytea`, the text of `text` and `json`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'a>(pub(crate) &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(ty: &Type) -> bool {
        [Type::BYTEA, Type::JSON, Type::TEXT].contains(ty)
    }
}

/// The elements of an array of text, one after the other, in the form the server sends them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'a> {
    left: usize,
    elements: &'a [u8],
}

/// Dimensions, whether there are NULLs, the type of the elements.
const ARRAY_HEAD: usize = 12;
/// The length of a dimension, and the number of its first element.
const DIMENSION: usize = 8;

impl<'a> FromSql<'a> for Texts<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let (dimensions, rest) = length(raw)?;
        let none = Self { left: 0, elements: &[] };
        match dimensions {
            0 => Ok(none),
            1 => {
                let head = ARRAY_HEAD - LENGTH;
                let (left, _) = length(rest.get(head..).ok_or(TORN)?)?;
                let mut texts = Self { left, elements: rest.get(head + DIMENSION..).ok_or(TORN)? };
                let whole = texts;
                // Looked through once, so that taking them cannot fail.
                while texts.left > 0 {
                    texts.next().ok_or(TORN)?;
                }
                Ok(whole)
            }
            _ => Err("an array of arrays where tags should be".into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TEXT_ARRAY
    }
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (bytes, rest) = length(self.elements).ok()?;
        let (element, rest) = rest.split_at_checked(bytes)?;
        self.elements = rest;
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Texts<'_> {}

/// The bytes of a length.
const LENGTH: usize = 4;
const TORN: &str = "an array ends before its last element";

/// A length in front of other bytes.
fn length(raw: &[u8]) -> Result<(usize, &[u8]), &'static str> {
    let (length, rest) = raw.split_first_chunk::<LENGTH>().ok_or(TORN)?;
    Ok((usize::try_from(i32::from_be_bytes(*length)).map_err(|_| TORN)?, rest))
}

/// Numbers of the contract as PostgreSQL holds them; no log reaches 2^63 events.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Numbers as they were stored, none where there is a negative one.
pub(crate) fn number(stored: i64) -> Option<u64> {
    u64::try_from(stored).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An array as the server sends it.
    fn array(elements: &[&str]) -> Vec<u8> {
        let mut raw = Vec::new();
        let count = i32::try_from(elements.len()).unwrap();
        let head = if count == 0 { vec![0, 0, 25] } else { vec![1, 0, 25, count, 1] };
        raw.extend(head.into_iter().flat_map(i32::to_be_bytes));
        for element in elements {
            raw.extend(i32::try_from(element.len()).unwrap().to_be_bytes());
            raw.extend(element.as_bytes());
        }
        raw
    }

    #[test]
    fn the_elements_of_an_array_come_in_their_order() {
        for elements in [&[][..], &["a"], &["order:1", "", "ü"]] {
            let raw = array(elements);
            let texts = Texts::from_sql(&Type::TEXT_ARRAY, &raw).unwrap();
            assert_eq!(texts.len(), elements.len());
            assert!(texts.eq(elements.iter().map(|element| element.as_bytes())));
        }
    }

    #[test]
    fn an_array_that_ends_early_is_refused() {
        let raw = array(&["order:1", "customer:2"]);
        for end in 0..raw.len() {
            assert!(Texts::from_sql(&Type::TEXT_ARRAY, &raw[..end]).is_err(), "{end} bytes");
        }
    }
}
