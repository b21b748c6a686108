//! Reading fields from untrusted bytes, and appending them.
//!
//! Integers are little endian. A varint is LEB128: seven bits a byte, lowest first, the top bit
//! set on all but the last byte; at most ten bytes.

use bytes::Bytes;
use bytestring::ByteString;

use super::Damaged;

const SHORT: Damaged = Damaged("it ends in the middle of a field");
const CONTINUES: u8 = 0x80;

/// A place in shared bytes, moving on.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a Bytes,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Damaged> {
        let byte = *self.bytes.get(self.at).ok_or(SHORT)?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let rest = self.bytes.get(self.at..).ok_or(SHORT)?;
        let array = rest.first_chunk::<N>().ok_or(SHORT)?;
        self.at += N;
        Ok(*array)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Damaged> {
        let rest = self.bytes.get(self.at..).ok_or(SHORT)?;
        let (value, len) = read_varint(rest)?;
        self.at += len;
        Ok(value)
    }

    pub(crate) fn varint_u32(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.varint()?).map_err(|_| Damaged("a number does not fit 32 bits"))
    }

    /// Bytes behind their length, shared.
    pub(crate) fn bytes(&mut self) -> Result<Bytes, Damaged> {
        let len = usize::try_from(self.varint()?).map_err(|_| SHORT)?;
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len()).ok_or(SHORT)?;
        let bytes = self.bytes.slice(self.at..end);
        self.at = end;
        Ok(bytes)
    }

    /// UTF-8 behind its length, shared.
    pub(crate) fn text(&mut self) -> Result<ByteString, Damaged> {
        ByteString::try_from(self.bytes()?).map_err(|_| Damaged("a name is not UTF-8"))
    }

    /// Everything that is left, shared.
    pub(crate) fn rest(self) -> Bytes {
        self.bytes.slice(self.at..)
    }
}

/// A varint at the beginning of bytes, and how many bytes it takes.
pub(crate) fn read_varint(bytes: &[u8]) -> Result<(u64, usize), Damaged> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & !CONTINUES);
        let shift = 7 * index as u32;
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte & CONTINUES == 0 {
            return Ok((value, index + 1));
        }
    }
    Err(if bytes.len() < 10 { SHORT } else { Damaged("a number is longer than 64 bits") })
}

/// Appends a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= u64::from(CONTINUES) {
        out.push((value as u8 & !CONTINUES) | CONTINUES);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends bytes behind their length.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A signed number as an unsigned one that is small when the number is near zero.
pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn varints_come_back(value: u64) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            prop_assert_eq!(read_varint(&out), Ok((value, out.len())));
            prop_assert!(read_varint(&out[..out.len() - 1]).is_err());
        }

        #[test]
        fn zigzag_comes_back(value: i64) {
            prop_assert_eq!(unzigzag(zigzag(value)), value);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let shared = Bytes::from(bytes);
            let mut cursor = Cursor::new(&shared);
            while cursor.bytes().is_ok() && cursor.varint().is_ok() {}
            prop_assert!(cursor.rest().len() <= shared.len());
        }
    }

    #[test]
    fn a_number_over_64_bits_is_refused() {
        let mut bytes = vec![0xFF; 9];
        bytes.push(0x02);
        assert!(read_varint(&bytes).is_err());
    }
}
