//! What matters here of the `#[serde(..)]` attributes that stand beside ours.
//!
//! Serde checks them itself; what cannot be read here is left to it.

use proc_macro2::{Span, TokenTree};
use syn::{Attribute, LitStr, Token, ext::IdentExt, meta::ParseNestedMeta, token::Paren};

#[derive(Default)]
pub(super) struct SerdeAttr {
    pub(super) rename: Option<String>,
    pub(super) rename_all: Option<String>,
    pub(super) rename_all_fields: Option<String>,
    keys: Vec<(String, Span)>,
}

impl SerdeAttr {
    pub(super) fn parse(attributes: &[Attribute]) -> Self {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            // An error is serde's to report.
            attribute.parse_nested_meta(|meta| found.take(&meta)).ok();
        }
        found
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let Some(key) = meta.path.get_ident() else {
            return Ok(());
        };
        let name = key.unraw().to_string();
        let value = value_as_written(meta)?;
        match name.as_str() {
            "rename" => self.rename = value,
            "rename_all" => self.rename_all = value,
            "rename_all_fields" => self.rename_all_fields = value,
            _ => {}
        }
        self.keys.push((name, key.span()));
        Ok(())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(name, _)| name == key)
    }

    /// Those of the keys that are among these, and where they stand.
    pub(super) fn among<'a>(&'a self, keys: &'a [&str]) -> impl Iterator<Item = (&'a str, Span)> {
        let keys = self.keys.iter().filter(|(name, _)| keys.contains(&name.as_str()));
        keys.map(|(name, span)| (name.as_str(), *span))
    }
}

/// The string in `= ".."` or in `(serialize = "..")`; anything else is read over.
fn value_as_written(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<String>> {
    if meta.input.peek(Token![=]) {
        meta.input.parse::<Token![=]>()?;
        if meta.input.peek(LitStr) {
            return Ok(Some(meta.input.parse::<LitStr>()?.value()));
        }
        meta.input.parse::<TokenTree>()?;
        return Ok(None);
    }
    let mut written = None;
    if meta.input.peek(Paren) {
        meta.parse_nested_meta(|inner| {
            let value = value_as_written(&inner)?;
            if inner.path.is_ident("serialize") {
                written = value;
            }
            Ok(())
        })?;
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn the_written_name_counts() {
        let attributes = [
            parse_quote!(#[doc = "text"]),
            parse_quote!(#[serde(bound(serialize = "T: X"), default = "path")]),
            parse_quote!(#[serde(rename(serialize = "out", deserialize = "in"), flatten)]),
        ];
        let found = SerdeAttr::parse(&attributes);
        assert_eq!(found.rename.as_deref(), Some("out"));
        assert!(found.has("flatten") && found.has("default") && !found.has("doc"));
        assert_eq!(found.among(&["default", "skip"]).count(), 1);
    }
}
