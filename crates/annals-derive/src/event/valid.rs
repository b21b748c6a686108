//! What only the whole type shows: names taken twice, the key, raw data.

use std::collections::HashMap;

use quote::ToTokens;
use syn::Ident;

use super::{
    ast::{EventType, EventVariant, Kind},
    format::Format,
};
use crate::problems::Problems;

pub(super) fn check(event_type: &EventType<'_>, problems: &mut Problems) {
    check_names(event_type, problems);
    if event_type.format == Format::Raw {
        check_raw(event_type, problems);
    }
    if let Some(key) = &event_type.key {
        check_key(event_type, key, problems);
    }
}

/// An event type has one present form, so its name stands for one variant.
fn check_names(event_type: &EventType<'_>, problems: &mut Problems) {
    let mut seen: HashMap<&str, &Ident> = HashMap::new();
    for variant in &event_type.variants {
        if let Some(first) = seen.insert(&variant.name, variant.ident) {
            let name = &variant.name;
            let what = format!(
                "`{first}` is the event type `{name}` already; older schema versions are brought \
                 up by upcasters, not by variants"
            );
            problems.at(variant.ident, what);
        }
    }
}

fn check_raw(event_type: &EventType<'_>, problems: &mut Problems) {
    for variant in event_type.variants.iter().filter(|variant| variant.kind != Kind::Newtype) {
        let name = variant.ident;
        let what = format!(
            "the format `raw` stores the bytes of one field without a name: `{name}(Bytes)`"
        );
        problems.at(name, what);
    }
}

fn check_key(event_type: &EventType<'_>, key: &Ident, problems: &mut Problems) {
    if event_type.variants.is_empty() {
        problems.at(key, "there is no variant that has the key");
    }
    let mut first = None;
    for variant in &event_type.variants {
        let Some(ty) = field_type(variant, key) else {
            let name = variant.ident;
            problems.at(name, format!("`{name}` has no field `{key}`, which is the key"));
            continue;
        };
        let text = ty.to_token_stream().to_string();
        let expected = first.get_or_insert_with(|| text.clone());
        if *expected != text {
            problems.at(ty, format!("the key `{key}` is `{expected}` elsewhere; it has one type"));
        }
    }
}

/// The type of the field that is the key.
pub(super) fn field_type<'a>(variant: &EventVariant<'a>, key: &Ident) -> Option<&'a syn::Type> {
    let mut fields = variant.fields.iter();
    fields.find(|field| field.ident == Some(key)).map(|field| field.ty)
}
