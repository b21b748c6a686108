//! What the smoke run begins with: small inputs that are right.

use crate::original;

/// The files of a small store, and the bodies of its records.
#[must_use]
pub fn store_files() -> Vec<Vec<u8>> {
    let original = original::get();
    let mut pieces: Vec<Vec<u8>> = original.files.values().cloned().collect();
    pieces.extend(original.frames.iter().map(|frame| {
        let file = original.files.get(&original.last).map_or(&[][..], Vec::as_slice);
        // A record's body begins behind the header of the frame and the record's prefix.
        file.get(frame.begin + 48..frame.end).unwrap_or_default().to_vec()
    }));
    // A command of a cluster's log: an append of nothing.
    pieces.push(vec![1, 0, 0, 0, 0]);
    // Values of the index are varints.
    pieces.extend([vec![3, 1, 2, 3], vec![0x80, 0x04, 1, 1], vec![1; 44], vec![0xFF; 12]]);
    pieces
}

/// Data of events, each behind the byte that says which type and format it has.
#[must_use]
pub fn event_data() -> Vec<Vec<u8>> {
    let json = [
        (0, r#"{"id":"a-1","count":18446744073709551615,"change":-3}"#),
        (1, r#"{"list":["x",null],"pair":[true,7],"inner":{"name":"n","kind":{"Other":9}}}"#),
        (2, r#"{"name":null,"kind":{"Named":{"a":"\u00e9"}}}"#),
        (3, "{}"),
    ];
    let mut pieces: Vec<Vec<u8>> =
        json.map(|(first, text)| [&[first], text.as_bytes()].concat()).to_vec();
    // The first of them in CBOR and in MessagePack.
    let fields = [&b"\x62id\x63a-1\x65count\x07\x66change\x22"[..]].concat();
    pieces.push([&[8, 0xA3], &fields[..]].concat());
    pieces.push(b"\x10\x83\xA2id\xA3a-1\xA5count\x07\xA6change\xFD".to_vec());
    pieces
}

/// Files as they are imported.
#[must_use]
pub fn import_files() -> Vec<Vec<u8>> {
    let texts = [
        "id,kind,at,by,amount\n1,opened,2026-01-02T03:04:05Z,ann,12\n2,\"clo\"\"sed\n\",,,x\n",
        "id;kind\r\n7;paid\r\n\r\n8;\"a;b\"\r\n",
        "{\"id\":1,\"kind\":\"opened\",\"at\":\"2026-01-02T03:04:05.123456Z\",\"by\":null,\"n\":-1.5e3}\n",
        "[{\"id\":\"\\u00e9\",\"kind\":\"a\"},\n {\"id\":2,\"kind\":\"b\",\"deep\":{\"x\":[1,[2]]}}]\n",
        "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"/s\",\"type\":\"t\",\"subject\":\"s-1\",\
         \"time\":\"2026-01-02T03:04:05Z\",\"data\":{\"a\":1}}\n\
         {\"specversion\":\"1.0\",\"id\":\"b\",\"source\":\"/s\",\"type\":\"t\",\
         \"data_base64\":\"aGVsbG8=\"}\n",
        "{\"stream\":\"account-1\",\"type\":\"opened\",\"version\":0,\"position\":0,\
         \"id\":\"018f2f6e-0000-7000-8000-000000000001\",\"time\":\"2026-01-02T03:04:05Z\",\
         \"tags\":[\"a:1\"],\"metadata\":{\"k\":\"v\"},\"data\":{\"owner\":\"Ann\"}}\n",
    ];
    let compressed = [GZIP, ZSTD];
    texts.map(|text| text.as_bytes().to_vec()).into_iter().chain(compressed.map(bytes_of)).collect()
}

/// The first of the texts, compressed.
const GZIP: &str = "\
    1f8b080000000000000305c1bb0d80300c05c0de63b87e911cf3293207155dc02922c0410224d89ebb6ad8\
    aa1bf28de5433edae33745b4b37831a8e8182406d149ba247d92614676475452f0ba37e6ab183180977e91\
    0415144c000000";
const ZSTD: &str = "\
    28b52ffd244c450200c2041117806b1b40743c87c1b50a0c4e98768f8fed4787c5d4e808e8fc4f64c664ba\
    e4c82f6e7af77a21a80a54014aaca2a46858dd336bb6b8277cdd3865fd31fed6b91b726e01001a0be16a";

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
    hexadecimal
        .as_bytes()
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |n, d| n << 4 | digit(*d)))
        .collect()
}
