//! The attributes `#[event(..)]` and `#[tag]`.

use proc_macro2::TokenStream;
use syn::{Attribute, Ident, LitStr, Meta, Type};

use super::format::Format;
use crate::{
    arg::{self, Arg, Slot},
    names,
    problems::Problems,
};

/// What `#[event(..)]` says, wherever it stands.
#[derive(Default)]
pub(super) struct EventAttr {
    pub(super) prefix: Slot<LitStr>,
    pub(super) format: Slot<Format>,
    pub(super) version: Slot<u32>,
    pub(super) key: Slot<Ident>,
    pub(super) name: Slot<LitStr>,
}

pub(super) const ON_ENUM: &[&str] = &["prefix", "format", "version", "key"];
pub(super) const ON_STRUCT: &[&str] = &["prefix", "format", "version", "key", "name"];
pub(super) const ON_VARIANT: &[&str] = &["name", "version"];

impl EventAttr {
    /// Reads the attribute where only the `known` keys make sense.
    pub(super) fn parse(attributes: &[Attribute], known: &[&str], problems: &mut Problems) -> Self {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("event")) {
            let args = problems.keep(attribute.parse_args_with(arg::parse_all));
            for arg in args.unwrap_or_default() {
                if known.contains(&arg.name().as_str()) {
                    found.take(&arg, problems);
                } else {
                    problems.push(arg.unknown(known));
                }
            }
        }
        found
    }

    fn take(&mut self, arg: &Arg, problems: &mut Problems) {
        match arg.name().as_str() {
            "prefix" => {
                self.prefix.set(arg, arg.text().and_then(names::checked_prefix), problems);
            }
            "name" => {
                let check = |text| names::checked_event_type("the event type", text);
                self.name.set(arg, arg.text().and_then(check), problems);
            }
            "format" => self.format.set(arg, arg.text().and_then(Format::parse), problems),
            "version" => self.version.set(arg, arg.count(), problems),
            _ => self.key.set(arg, arg.ident(), problems),
        }
    }
}

/// Notes attributes of ours that stand where they mean nothing.
pub(super) fn refuse(attributes: &[Attribute], name: &str, place: &str, problems: &mut Problems) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        problems.at(attribute, format!("`#[{name}]` stands on {place}"));
    }
}

/// The name of the tag that a field gives, if it gives one.
pub(super) fn tag_name(
    attributes: &[Attribute],
    field: Option<&Ident>,
    ty: &Type,
    problems: &mut Problems,
) -> Option<String> {
    let mut tags = attributes.iter().filter(|attribute| attribute.path().is_ident("tag"));
    let tag = tags.next()?;
    for again in tags {
        problems.at(again, "a field gives one tag");
    }
    if let Some(name) = problems.keep(explicit_name(tag))? {
        return Some(name.value());
    }
    let name = field.map(|field| syn::ext::IdentExt::unraw(field).to_string());
    if name.is_none() {
        let what = "a field without a name must say which tag it gives: `#[tag(\"account\")]`";
        problems.at(quote::quote!(#tag #ty), what);
    }
    name
}

/// The name in `#[tag("name")]` or `#[tag = "name"]`.
fn explicit_name(tag: &Attribute) -> syn::Result<Option<LitStr>> {
    let name: TokenStream = match &tag.meta {
        Meta::Path(_) => return Ok(None),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            let value = &pair.value;
            quote::quote!(#value)
        }
    };
    let name = syn::parse2::<LitStr>(name).map_err(|_| {
        syn::Error::new_spanned(tag, "`#[tag]` takes nothing or a name: `#[tag(\"account\")]`")
    })?;
    names::checked("the name of the tag", name).map(Some)
}
