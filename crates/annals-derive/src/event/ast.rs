//! The type as the derive sees it: a list of variants, each one event type. A struct is one
//! variant.

use syn::{Data, DataEnum, DeriveInput, Fields, Ident, LitStr, Variant, Visibility, ext::IdentExt};

use super::{
    attr::{EventAttr, ON_ENUM, ON_STRUCT, ON_VARIANT, refuse},
    case,
    field::Field,
    format::Format,
    serde_attr::SerdeAttr,
};
use crate::problems::Problems;

pub(super) struct EventType<'a> {
    pub(super) ident: &'a Ident,
    pub(super) vis: &'a Visibility,
    pub(super) is_enum: bool,
    pub(super) format: Format,
    pub(super) key: Option<Ident>,
    pub(super) variants: Vec<EventVariant<'a>>,
}

pub(super) struct EventVariant<'a> {
    /// The name of the variant, or of the struct.
    pub(super) ident: &'a Ident,
    /// The event type.
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) kind: Kind,
    pub(super) fields: Vec<Field<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Named fields.
    Named,
    /// One field without a name: the data is its value.
    Newtype,
    /// No fields.
    Unit,
}

/// What the type says for all its variants.
struct Shared<'a> {
    prefix: Option<&'a LitStr>,
    version: u32,
    rename_all: Option<&'a str>,
    is_default: bool,
}

impl<'a> EventType<'a> {
    pub(super) fn read(input: &'a DeriveInput, problems: &mut Problems) -> Self {
        if !input.generics.params.is_empty() {
            let what = "an event type has no generic parameters: its events are listed at compile \
                        time";
            problems.at(&input.generics, what);
        }
        let is_enum = matches!(input.data, Data::Enum(_));
        let known = if is_enum { ON_ENUM } else { ON_STRUCT };
        let attr = EventAttr::parse(&input.attrs, known, problems);
        refuse(&input.attrs, "tag", "a field", problems);
        let serde = SerdeAttr::parse(&input.attrs);
        refuse_serde(&serde, on_type(is_enum), problems);
        let shared = Shared {
            prefix: attr.prefix.as_ref(),
            version: attr.version.as_ref().copied().unwrap_or(1),
            rename_all: match is_enum {
                true => serde.rename_all_fields.as_deref(),
                false => serde.rename_all.as_deref(),
            },
            is_default: serde.has("default"),
        };
        let variants = match &input.data {
            Data::Enum(data) => read_variants(data, &shared, problems),
            Data::Struct(data) => {
                let name = attr.name.as_ref();
                vec![read_variant(&input.ident, name, &data.fields, &shared, problems)]
            }
            Data::Union(data) => {
                problems.at(data.union_token, "an event is an enum or a struct, not a union");
                Vec::new()
            }
        };
        Self {
            ident: &input.ident,
            vis: &input.vis,
            is_enum,
            format: attr.format.as_ref().copied().unwrap_or_default(),
            key: attr.key.get(),
            variants,
        }
    }
}

fn read_variants<'a>(
    data: &'a DataEnum,
    shared: &Shared<'_>,
    problems: &mut Problems,
) -> Vec<EventVariant<'a>> {
    let variants = data.variants.iter();
    variants.map(|variant| read_enum_variant(variant, shared, problems)).collect()
}

fn read_enum_variant<'a>(
    variant: &'a Variant,
    shared: &Shared<'_>,
    problems: &mut Problems,
) -> EventVariant<'a> {
    let attr = EventAttr::parse(&variant.attrs, ON_VARIANT, problems);
    refuse(&variant.attrs, "tag", "a field", problems);
    let serde = SerdeAttr::parse(&variant.attrs);
    refuse_serde(&serde, ON_VARIANT_OF_SERDE, problems);
    let own = Shared {
        prefix: shared.prefix,
        version: attr.version.as_ref().copied().unwrap_or(shared.version),
        rename_all: serde.rename_all.as_deref().or(shared.rename_all),
        is_default: false,
    };
    read_variant(&variant.ident, attr.name.as_ref(), &variant.fields, &own, problems)
}

fn read_variant<'a>(
    ident: &'a Ident,
    name: Option<&LitStr>,
    fields: &'a Fields,
    shared: &Shared<'_>,
    problems: &mut Problems,
) -> EventVariant<'a> {
    let kind = match fields {
        Fields::Named(_) => Kind::Named,
        Fields::Unit => Kind::Unit,
        Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => Kind::Newtype,
        Fields::Unnamed(unnamed) => {
            let what = "an event has named fields, or one field without a name, or none: the data \
                        of several fields without names could not be told apart later";
            problems.at(unnamed, what);
            Kind::Unit
        }
    };
    let fields = fields.iter().enumerate();
    let fields = fields
        .map(|(i, field)| Field::read(i, field, shared.rename_all, shared.is_default, problems));
    EventVariant {
        ident,
        name: event_type_name(ident, name, shared.prefix),
        version: shared.version,
        kind,
        fields: fields.collect(),
    }
}

/// The name that is given, or the prefix and the variant in kebab-case.
fn event_type_name(ident: &Ident, name: Option<&LitStr>, prefix: Option<&LitStr>) -> String {
    if let Some(name) = name {
        return name.value();
    }
    let own = case::kebab(&ident.unraw().to_string());
    match prefix {
        Some(prefix) => format!("{}.{own}", prefix.value()),
        None => own,
    }
}

const TAGGED: &str = "the event type is the tag; remove it";
const ELSEWHERE: &str = "the variants of an event are read one by one; remove it, and convert the \
                         fields instead";
const MISSING: &str = "every variant is an event type, and this one could not be stored or read; \
                       remove it";

type Refusals = &'static [(&'static str, &'static str)];

const ON_VARIANT_OF_SERDE: Refusals = &[
    ("untagged", TAGGED),
    ("skip", MISSING),
    ("skip_serializing", MISSING),
    ("skip_deserializing", MISSING),
    ("other", "events of other types are skipped by themselves; remove it"),
];

const fn on_type(is_enum: bool) -> Refusals {
    if !is_enum {
        return &[("tag", TAGGED)];
    }
    &[
        ("tag", TAGGED),
        ("content", TAGGED),
        ("untagged", TAGGED),
        ("from", ELSEWHERE),
        ("try_from", ELSEWHERE),
        ("into", ELSEWHERE),
        ("remote", ELSEWHERE),
    ]
}

fn refuse_serde(serde: &SerdeAttr, refusals: Refusals, problems: &mut Problems) {
    for (key, why) in refusals {
        for (key, span) in serde.among(&[key]) {
            problems.push(syn::Error::new(span, format!("serde's `{key}`: {why}")));
        }
    }
}
