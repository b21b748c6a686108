//! Rules on data that is not JSON text, and values that JSON cannot hold.

use annals::{ContentType, ErrorKind, Format, RecordedEvent, Upcasters};
use serde::Serialize;
use serde_json::{Value, json};

use super::stored;

/// A stored event in MessagePack.
fn message_pack<T: Serialize>(value: &T) -> RecordedEvent {
    RecordedEvent {
        data: rmp_serde::to_vec_named(value).unwrap().into(),
        content_type: Format::MessagePack.content_type(),
        ..stored("a", 1, &json!({}))
    }
}

fn adding() -> Upcasters {
    Upcasters::new().lift("a", 1, |_, mut json| {
        json["currency"] = "EUR".into();
        Ok(json)
    })
}

#[track_caller]
fn refused(record: &RecordedEvent) {
    let error = adding().upcast(&[], record).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecodable);
}

#[test]
fn message_pack_stays_message_pack() {
    let old = json!({"cents": -5, "big": u64::MAX, "rate": 0.1, "note": null, "list": [true]});
    let events = adding().upcast(&[], &message_pack(&old)).unwrap();
    assert_eq!(events[0].content_type, Format::MessagePack.content_type());
    let new: Value = rmp_serde::from_slice(&events[0].data).unwrap();
    let mut expected = old;
    expected["currency"] = "EUR".into();
    assert_eq!(new, expected);
}

#[test]
fn cbor_stays_cbor() {
    let old = json!({"cents": -5, "big": u64::MAX, "rate": 0.1, "note": null, "list": [true]});
    let mut record = stored("a", 1, &json!({}));
    record.content_type = Format::Cbor.content_type();
    let mut data = Vec::new();
    ciborium::into_writer(&old, &mut data).unwrap();
    record.data = data.clone().into();
    let events = adding().upcast(&[], &record).unwrap();
    let new: Value = ciborium::from_reader(&events[0].data[..]).unwrap();
    let mut expected = old;
    expected["currency"] = "EUR".into();
    assert_eq!(new, expected);
    // A byte string, which is no text.
    record.data = vec![0x41, 0x07].into();
    refused(&record);
    data.push(0);
    record.data = data.into();
    refused(&record);
}

#[test]
fn what_json_cannot_hold_is_refused_and_not_changed() {
    refused(&message_pack(&[f64::NAN]));
    refused(&message_pack(&std::collections::BTreeMap::from([(1, 2)])));
    let wide = "123456789012345678901234567890";
    let mut record = stored("a", 1, &json!({}));
    record.data = format!(r#"{{"cents":{wide}}}"#).into();
    refused(&record);
    // As text it is nothing special.
    record.data = format!(r#"{{"cents":"{wide}"}}"#).into();
    adding().upcast(&[], &record).unwrap();
}

#[test]
fn bytes_and_foreign_formats_are_refused() {
    let mut record = stored("a", 1, &json!({}));
    record.content_type = ContentType::Binary;
    refused(&record);
    record.content_type = ContentType::new("application/avro").unwrap();
    refused(&record);
}

#[test]
fn a_number_that_is_not_finite_is_refused_where_json_would_write_null() {
    let upcasters = Upcasters::new().typed("a", 1, |_: Value, _| vec![f64::INFINITY]);
    let error = upcasters.upcast(&[], &stored("a", 1, &json!({}))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecodable);
}

#[test]
fn floats_come_through_a_lift_bit_for_bit() {
    // Parsed carelessly, each of these comes out one bit off.
    for float in [0.000_122_800_344_823_744_37, 51.248_178_375_058_06, 1e-7, f64::MIN_POSITIVE] {
        let events = adding().upcast(&[], &stored("a", 1, &json!({"rate": float}))).unwrap();
        let new: Value = serde_json::from_slice(&events[0].data).unwrap();
        assert_eq!(new["rate"].as_f64().unwrap().to_bits(), float.to_bits());
    }
}
