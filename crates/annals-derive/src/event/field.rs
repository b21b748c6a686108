//! One field of an event: how it is stored, and whether it is a tag.

use quote::ToTokens;
use syn::{GenericArgument, Ident, Index, Member, PathArguments, Type, ext::IdentExt};

use super::{
    attr::{refuse, tag_name},
    case,
    serde_attr::SerdeAttr,
};
use crate::problems::Problems;

pub(super) struct Field<'a> {
    pub(super) member: Member,
    pub(super) ident: Option<&'a Ident>,
    pub(super) ty: &'a Type,
    /// The name in the data.
    pub(super) stored: String,
    /// The type as it is written, without spaces.
    pub(super) type_name: String,
    pub(super) is_optional: bool,
    /// Whether it is in the data at all.
    pub(super) is_stored: bool,
    /// The name of the tag it gives.
    pub(super) tag: Option<String>,
}

impl<'a> Field<'a> {
    pub(super) fn read(
        index: usize,
        field: &'a syn::Field,
        rename_all: Option<&str>,
        is_default: bool,
        problems: &mut Problems,
    ) -> Self {
        refuse(&field.attrs, "event", "the type or on a variant", problems);
        let serde = SerdeAttr::parse(&field.attrs);
        let ident = field.ident.as_ref();
        let stored = match (&serde.rename, ident) {
            (_, None) => index.to_string(),
            (Some(name), _) => name.clone(),
            (None, Some(ident)) => {
                let name = ident.unraw().to_string();
                rename_all.map(|rule| case::rename_field(&name, rule)).unwrap_or(name)
            }
        };
        // Serde takes a missing `Option` for `None`, but not through a function of the user's.
        let is_converted = serde.has("with") || serde.has("deserialize_with");
        let is_option = inner_of(&field.ty, "Option").is_some() && !is_converted;
        Self {
            member: match ident {
                Some(ident) => Member::Named(ident.clone()),
                None => Member::Unnamed(Index::from(index)),
            },
            ident,
            ty: &field.ty,
            stored,
            type_name: without_spaces(&field.ty.to_token_stream().to_string()),
            is_optional: is_option || is_default || serde.has("default"),
            is_stored: !serde.has("skip") && !serde.has("skip_serializing"),
            tag: tag_name(&field.attrs, ident, &field.ty, problems),
        }
    }
}

/// `T`, when the type is written `Option<T>` and that is what is asked for.
pub(super) fn inner_of<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    let path = match ty {
        // What a user's macro puts in is wrapped.
        Type::Group(group) => return inner_of(&group.elem, outer),
        Type::Paren(paren) => return inner_of(&paren.elem, outer),
        Type::Path(path) => path,
        _ => return None,
    };
    let last = path.path.segments.last().filter(|last| last.ident == outer)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

/// Only the spaces between two words stay.
fn without_spaces(tokens: &str) -> String {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut text = String::new();
    for word in tokens.split_whitespace() {
        if is_word(text.chars().last()) && is_word(word.chars().next()) {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn type_names_have_no_spaces_but_between_words() {
        let name = |ty: Type| without_spaces(&ty.to_token_stream().to_string());
        assert_eq!(name(parse_quote!(Option<Vec<u8>>)), "Option<Vec<u8>>");
        assert_eq!(
            name(parse_quote!(HashMap<String, (u8, [u8; 4])>)),
            "HashMap<String,(u8,[u8;4])>"
        );
        assert_eq!(name(parse_quote!(&'static str)), "&'static str");
        assert_eq!(name(parse_quote!(Box<dyn crate::Any>)), "Box<dyn crate::Any>");
    }

    #[test]
    fn options_are_found_by_any_path() {
        let ty: Type = parse_quote!(std::option::Option<u8>);
        assert!(inner_of(&ty, "Option").is_some());
        assert!(inner_of(&ty, "Vec").is_none());
    }
}
