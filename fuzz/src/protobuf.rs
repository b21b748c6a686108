//! Changes to an encoded message that leave it one: fields are lost, repeated, or get other
//! values, at any depth.
//!
//! No type is needed: what is as long as it says and reads as fields is taken for a message.

use crate::random::Random;

/// How deep messages are taken apart.
const DEPTH_MAX: usize = 12;

#[derive(Debug, Clone, PartialEq)]
struct Field {
    number: u64,
    value: Value,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Varint(u64),
    Fixed8([u8; 8]),
    Fixed4([u8; 4]),
    Bytes(Vec<u8>),
    Message(Vec<Field>),
}

/// Numbers at the edges of what is meant by them.
const NUMBERS: [u64; 12] = [
    0,
    1,
    2,
    99,
    127,
    i32::MAX as u64,
    u32::MAX as u64,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
    1 << 40,
];

/// Texts that mean something to some parser, and some that nobody can mean.
const TEXTS: [&[u8]; 28] = [
    b"",
    b"$all",
    b"$streams",
    b"$ce-account",
    b"$et-opened",
    b"$idx-ce-",
    b"$idx-all",
    b"$$account-1",
    b"$$$settings",
    b"account-1",
    b"account-2",
    b"links",
    b"readers",
    b"$users",
    b"$user-ann",
    b"$persistentsubscription-$all::readers-parked",
    b"umadb",
    b"7@account-1",
    b"99999999999999999999@x",
    b"not-a-uuid",
    b"00000000-0000-0000-0000-000000000000",
    b"\xff\xfe",
    b"a\0b",
    b"^(?=(\\w+)+\\1-$)",
    b"(((((",
    b"{\"$maxCount\":18446744073709551615,\"$acl\":{\"$r\":7}}",
    b"{\"$tags\":[[]]}",
    b"\xe2\x80\x8b\xf0\x9f\x92\xa5",
];

/// A message like this one, with a few changes.
pub(crate) fn changed(message: &[u8], random: &mut Random) -> Vec<u8> {
    let Some(mut fields) = parse(message, DEPTH_MAX) else { return message.to_vec() };
    for _ in 0..=random.below(3) {
        change(&mut fields, random);
    }
    let mut bytes = Vec::new();
    encode(&fields, &mut bytes);
    bytes
}

fn change(fields: &mut Vec<Field>, random: &mut Random) {
    let at = random.below(fields.len());
    let Some(field) = fields.get_mut(at) else {
        let number = 1 + random.below(9) as u64;
        return fields.push(Field { number, value: any(random) });
    };
    match (&mut field.value, random.below(8)) {
        (Value::Message(inner), 0..6) if !inner.is_empty() => change(inner, random),
        (_, 0) => drop(fields.remove(at)),
        (_, 1) => {
            let again = field.clone();
            fields.push(again);
        }
        (_, 2) => field.number = 1 + random.below(16) as u64,
        (value, 3) => *value = any(random),
        (value, _) => other(value, random),
    }
}

/// A value of any kind.
fn any(random: &mut Random) -> Value {
    match random.below(5) {
        0 => Value::Varint(number(random)),
        1 => Value::Fixed8(random.number().to_le_bytes()),
        2 => Value::Fixed4([random.number() as u8; 4]),
        3 => Value::Bytes(text(random)),
        _ => Value::Message(vec![Field { number: 1, value: Value::Varint(number(random)) }]),
    }
}

/// Another value of the same kind.
fn other(value: &mut Value, random: &mut Random) {
    match value {
        Value::Varint(varint) => *varint = number(random),
        Value::Fixed8(bytes) => *bytes = random.number().to_le_bytes(),
        Value::Fixed4(bytes) => *bytes = [random.number() as u8; 4],
        Value::Bytes(bytes) => *bytes = text_like(bytes, random),
        Value::Message(_) => *value = Value::Bytes(text(random)),
    }
}

fn number(random: &mut Random) -> u64 {
    match NUMBERS.get(random.below(NUMBERS.len() + 4)) {
        Some(number) => *number,
        None => random.number() >> random.below(64),
    }
}

fn text(random: &mut Random) -> Vec<u8> {
    match random.below(10) {
        0 => vec![b'a'; random.below(70_000)],
        1 => {
            let len = random.below(40);
            random.bytes(len)
        }
        _ => TEXTS.get(random.below(TEXTS.len())).copied().unwrap_or_default().to_vec(),
    }
}

fn text_like(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    match random.below(2) {
        0 => random.changed(&[bytes.to_vec()]),
        _ => text(random),
    }
}

fn parse(mut bytes: &[u8], depth: usize) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let number = key >> 3;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut bytes)?),
            1 => Value::Fixed8(*bytes.split_off(..8)?.first_chunk()?),
            5 => Value::Fixed4(*bytes.split_off(..4)?.first_chunk()?),
            2 => {
                let len = usize::try_from(varint(&mut bytes)?).ok()?;
                let inner = bytes.split_off(..len)?;
                match depth.checked_sub(1).and_then(|depth| parse(inner, depth)) {
                    Some(fields) => Value::Message(fields),
                    None => Value::Bytes(inner.to_vec()),
                }
            }
            _ => return None,
        };
        if number == 0 {
            return None;
        }
        fields.push(Field { number, value });
    }
    Some(fields)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = bytes.split_off_first()?;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn encode(fields: &[Field], out: &mut Vec<u8>) {
    for field in fields {
        let mut key = |kind| put_varint(field.number << 3 | kind, out);
        match &field.value {
            Value::Varint(number) => {
                key(0);
                put_varint(*number, out);
            }
            Value::Fixed8(bytes) => {
                key(1);
                out.extend_from_slice(bytes);
            }
            Value::Fixed4(bytes) => {
                key(5);
                out.extend_from_slice(bytes);
            }
            Value::Bytes(bytes) => {
                key(2);
                put_bytes(bytes, out);
            }
            Value::Message(fields) => {
                key(2);
                let mut inner = Vec::new();
                encode(fields, &mut inner);
                put_bytes(&inner, out);
            }
        }
    }
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_taken_apart_and_put_together_again() {
        for message in crate::requests::all().iter().flat_map(|seed| &seed.messages) {
            let fields = parse(message, DEPTH_MAX).expect("a message");
            let mut again = Vec::new();
            encode(&fields, &mut again);
            assert_eq!(again, *message);
        }
    }
}
