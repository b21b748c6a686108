//! CSV, JSON lines, arrays, CloudEvents, compression; and everything that is none of them.

use std::io::Write;

use super::*;

const CSV: &str = "id,what,n\n1,opened,5\n2,closed,\n";
const CSV_RECORDS: [&str; 2] = [r#"2 case-1 opened {"n":"5"}"#, r#"3 case-2 closed {"n":""}"#];

#[test]
fn csv_rows_become_events_with_the_other_columns_as_data() {
    check(CSV, &mapping(), &CSV_RECORDS);
    check(format!("\u{feff}{CSV}"), &mapping(), &CSV_RECORDS);
    check(CSV.replace('\n', "\r\n"), &mapping(), &CSV_RECORDS);
    let semicolons = Mapping { delimiter: b';', ..mapping() };
    check(CSV.replace(',', ";"), &semicolons, &CSV_RECORDS);
    check("id,what\n", &mapping(), &[]);
    check(
        "id,what,n\n\"a\nb\",x,\"say \"\"hi\"\"\"\n9,y,2\n",
        &mapping(),
        &["line 2: the stream name has a control character at byte 6", r#"4 case-9 y {"n":"2"}"#],
    );
}

#[test]
fn bad_csv_rows_are_told_by_line_and_do_not_hide_the_next() {
    check(
        b"id,what,n\n1,x\n2,x,1,1\n\n\xff,x,1\n3,,1\n4,y,1\n",
        &mapping(),
        &[
            "line 2: 2 cells under 3 columns",
            "line 3: 4 cells under 3 columns",
            "line 5: cell 1 is not UTF-8 text",
            "line 6: the event type is empty",
            r#"7 case-4 y {"n":"1"}"#,
        ],
    );
}

#[test]
fn csv_that_cannot_be_mapped_is_refused() {
    assert!(refused("a,b\n", &mapping()).contains("there is no column `id`; there are `a`, `b`"));
    assert!(refused("id,id,what\n", &mapping()).contains("two columns are named `id`"));
    assert!(refused("a,b\n1,2\n", &Mapping::default()).contains("--stream"));
    assert!(refused("", &mapping()).contains("there is no column `id`"));
    assert!(refused(b"\xff\n", &mapping()).contains("not UTF-8"));
}

#[test]
fn a_quote_that_is_never_closed_ends_the_file_instead_of_the_memory() {
    let text = format!("id,what\n1,\"{}", "x".repeat(2 * ROW_BYTES_MAX));
    assert!(refused(text, &mapping()).contains("is a quote not closed?"));
}

#[test]
fn json_lines_keep_their_values_as_written() {
    check(
        "{\"id\":7,\"what\":\"x\",\"n\":1.50,\"m\":{\"a\":[ 1 ]}}\n\n  {\"what\":\"y\",\"id\":\"b\"}",
        &mapping(),
        &[r#"1 case-7 x {"n":1.50,"m":{"a":[ 1 ]}}"#, "3 case-b y {}"],
    );
}

#[test]
fn bad_json_lines_are_told_by_line_and_do_not_hide_the_next() {
    let text = concat!(
        "{\"id\":1,\"what\":\"x\"}\n",
        "{\"id\":1\n",
        "[1]\n",
        "{\"id\":[1],\"what\":\"x\"}\n",
        "{\"id\":1,\"id\":2,\"what\":\"x\"}\n",
        "{\"id\":null,\"what\":\"$metadata\"}\n",
        "{\"id\":2,\"what\":\"x\"}\n",
    );
    check(
        text,
        &mapping(),
        &[
            "1 case-1 x {}",
            "line 2: not a JSON object: EOF while parsing an object at line 1 column 7",
            "line 3: not a JSON object: invalid type: sequence, expected an object at line 1 column 0",
            "line 4: field `id` is no single value",
            "line 5: not a JSON object: field `id` stands twice at line 1 column 12",
            "line 6: events of type `$metadata`, and only they, go to a `$$` stream; got type \
         `$metadata` for stream `case-`",
            "7 case-2 x {}",
        ],
    );
}

#[test]
fn a_line_that_is_too_long_is_a_bad_record_and_not_kept() {
    let text = format!("{{\"id\":\"{}\n{{\"id\":2,\"what\":\"x\"}}\n", "x".repeat(ROW_BYTES_MAX));
    let records = parse_all(text.as_bytes(), &mapping()).unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(shown(&records[0]), format!("line 1: longer than {ROW_BYTES_MAX} bytes"));
    assert_eq!(shown(&records[1]), "2 case-2 x {}");
}

#[test]
fn elements_of_an_array_are_records() {
    let text = " [ {\"id\":1,\"what\":\"x\",\"s\":\"a]},[{\\\"\"} ,\n{\"id\":2,\n\"what\":\"y\"}\n, 7 ]\n ";
    check(
        text,
        &mapping(),
        &[
            r#"1 case-1 x {"s":"a]},[{\""}"#,
            "2 case-2 y {}",
            "line 4: not a JSON object: invalid type: integer `7`, expected an object at line 1 column 1",
        ],
    );
    check("[]", &mapping(), &[]);
}

#[test]
fn arrays_that_do_not_end_or_go_on_are_refused() {
    for text in ["[", "[1", "[1,", "[{\"a\":1}", "[\"", "[1] x", "[1]]"] {
        let reason = refused(text, &mapping());
        assert!(reason.starts_with("line 1: "), "{text}: {reason}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn compression_is_told_by_content_and_may_come_in_pieces() {
    let (first, second) = CSV.as_bytes().split_at(14);
    for compress in [gzip, zstd] {
        check(compress(CSV.as_bytes()), &mapping(), &CSV_RECORDS);
        let pieces = [compress(first), compress(second)].concat();
        check(pieces, &mapping(), &CSV_RECORDS);
    }
}

#[test]
fn damaged_compression_is_told_after_what_could_be_read() {
    for compress in [gzip, zstd] {
        let mut bytes = compress(CSV.as_bytes());
        bytes.truncate(bytes.len() - 3);
        let reason = refused(bytes, &mapping());
        assert!(reason.contains("cannot be read on"), "{reason}");
    }
}

const NATIVE: &str = r#"{"id":"01a1fc34-19fc-7143-aa26-849a588e22e4","stream":"account-1","version":3,"position":9,"type":"opened","schema_version":2,"time":"2026-01-02T03:04:05.000006Z","recorded_at":"2026-11-21T03:43:55.393461Z","content_type":"text/x","tags":["b","a"],"data":{"b":1, "a":1e3},"metadata":{"$correlationId":"c"}}"#;

#[test]
fn our_own_events_come_back_whole() {
    let record = parse_all(NATIVE.as_bytes(), &Mapping::default()).unwrap().pop().unwrap().unwrap();
    let event = &record.event;
    assert_eq!(record.version, Some(annals::Version::new(3)));
    assert_eq!(event.id.to_string(), "01a1fc34-19fc-7143-aa26-849a588e22e4");
    assert_eq!((event.schema_version, event.content_type.as_str()), (2, "text/x"));
    assert_eq!(event.time.unwrap().to_string(), "2026-01-02T03:04:05.000006Z");
    assert_eq!(
        event.tags.as_slice().iter().map(annals::Tag::as_str).collect::<Vec<_>>(),
        ["b", "a"]
    );
    assert_eq!(&event.data[..], br#"{"b":1, "a":1e3}"#);
    assert_eq!(event.metadata.correlation().unwrap(), "c");
}

#[test]
fn our_own_events_need_only_a_type_and_a_stream() {
    let short = event(r#"{"stream":"s","type":"t"}"#, &Mapping::default());
    assert_eq!(&short.data[..], b"{}");
    assert_eq!(
        &event(r#"{"stream":"s","type":"t","data":null}"#, &Mapping::default()).data[..],
        b"null"
    );
    let binary = event(r#"{"stream":"s","type":"t","data_base64":"/w=="}"#, &Mapping::default());
    assert_eq!(&binary.data[..], b"\xff");
    let bad = |text: &str| shown(&parse_all(text.as_bytes(), &Mapping::default()).unwrap()[0]);
    assert_eq!(bad(r#"{"type":"t"}"#), "line 1: field `stream` is missing");
    assert_eq!(bad(r#"{"stream":"s"}"#), "line 1: field `type` is missing");
    assert_eq!(bad(r#"{"stream":"s","type":"t","dta":1}"#), "line 1: field `dta` is unknown");
    assert_eq!(bad(r#"{"stream":"s","type":1}"#), "line 1: field `type` must be a string");
    assert_eq!(
        bad(r#"{"stream":"s","type":"t","tags":"x"}"#),
        "line 1: field `tags` must be an array of strings"
    );
    assert_eq!(
        bad(r#"{"stream":"s","type":"t","data":1,"data_base64":""}"#),
        "line 1: `data` and `data_base64` exclude each other"
    );
    assert!(bad(r#"{"stream":"s","type":"t","id":"7"}"#).contains("`7` is not a UUID"));
    assert!(bad(r#"{"stream":"s","type":"t","time":"noon"}"#).contains("is not a time"));
    assert!(bad(r#"{"stream":"s","type":"t","data_base64":"!"}"#).contains("data_base64"));
}

#[test]
fn foreign_cloud_events_find_their_places() {
    let text = r#"{"specversion":"1.0","id":"A-1","source":"/shop","type":"order.placed","subject":"order-7","time":"2026-01-02T03:04:05Z","traceparent":"00-1","data":{"total":42}}"#;
    let record = parse_all(text.as_bytes(), &Mapping::default()).unwrap().pop().unwrap().unwrap();
    assert_eq!(record.stream.as_str(), "order-7");
    assert_eq!(record.event.event_type.as_str(), "order.placed");
    assert_eq!(&record.event.data[..], br#"{"total":42}"#);
    let metadata: serde_json::Value =
        serde_json::from_slice(record.event.metadata.as_bytes()).unwrap();
    assert_eq!(metadata, serde_json::json!({"source": "/shop", "traceparent": "00-1"}));
    assert_eq!(
        event(text, &Mapping::default()).id,
        record.event.id,
        "the id derives from source and id"
    );
    let other = text.replace("/shop", "/other");
    assert_ne!(event(&other, &Mapping::default()).id, record.event.id);

    let plain = r#"{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"x","datacontenttype":"text/plain","data":"hi"}"#;
    assert_eq!(&event(plain, &Mapping::default()).data[..], b"hi");
    let without = text.replace(r#""subject":"order-7","#, "");
    check(&without, &Mapping::default(), &["line 1: attribute `subject` is missing"]);
    check(
        text.replace("1.0", "0.3"),
        &Mapping::default(),
        &["line 1: only CloudEvents of specversion 1.0 can be read"],
    );
}

#[test]
fn whatever_the_bytes_are_nothing_panics() {
    let samples = [CSV.as_bytes(), NATIVE.as_bytes(), b"[{\"specversion\":\"1.0\"}]"];
    let compressed = samples.iter().flat_map(|sample| [gzip(sample), zstd(sample)]);
    let samples = samples.iter().map(|sample| sample.to_vec()).chain(compressed);
    for sample in samples {
        for at in 0..sample.len() {
            let mut flipped = sample.clone();
            flipped[at] ^= 0x40;
            for mapping in [Mapping::default(), mapping()] {
                drop(parse_all(&flipped, &mapping));
                drop(parse_all(&sample[..at], &mapping));
            }
        }
    }
}

/// Names were compared each with each: a file like these took over a minute, a row at the limit hours.
#[test]
fn a_great_many_fields_take_no_longer_than_few() {
    let names: Vec<String> = (0..200_000).map(|number| format!("n{number}")).collect();
    let object = format!("\"id\":1,\"what\":\"a\",\"{}\":1", names.join("\":1,\""));
    let text = format!("{{{object}}}\n{{{object},\"n7\":2}}\n");
    let records = parse_all(text.as_bytes(), &mapping()).unwrap();
    assert!(records[0].is_ok());
    let bad = records[1].as_ref().unwrap_err();
    assert!(bad.reason.contains("field `n7` stands twice"), "{bad}");
    let header = format!("id,what,{}", names.join(","));
    let cells = ",1".repeat(names.len());
    let table = format!("{header}\n1,a{cells}\n");
    assert!(parse_all(table.as_bytes(), &mapping()).unwrap()[0].is_ok());
    assert!(refused(format!("{header},n7\n"), &mapping()).contains("two columns are named `n7`"));
}
