//! An impl block as tokens. What the user wrote is passed on token by token, so every error in it
//! is reported where it stands.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};

use super::fingerprint;
use crate::problems::Problems;

pub(crate) struct Block {
    header: Vec<TokenTree>,
    body: Group,
}

impl Block {
    /// Splits an `impl Trait for Type { .. }`; `attribute` and `of` are for the message.
    pub(crate) fn split(item: &TokenStream, attribute: &str, of: &str) -> syn::Result<Self> {
        let mut header: Vec<TokenTree> = item.clone().into_iter().collect();
        match header.pop() {
            Some(TokenTree::Group(body))
                if body.delimiter() == Delimiter::Brace && is_trait_impl(&header) =>
            {
                Ok(Self { header, body })
            }
            _ => {
                let what = format!("`#[{attribute}(..)]` stands on `impl {of} for ..`");
                Err(syn::Error::new_spanned(first_line(item), what))
            }
        }
    }

    /// A number for what the impl says, in the version its author gives it.
    pub(crate) fn fingerprint(&self, version: u32) -> u64 {
        fingerprint::of(&self.to_tokens(&TokenStream::new()), version)
    }

    /// The impl with more in it, or with what was wrong beside it.
    pub(crate) fn finish(&self, added: &TokenStream, problems: Problems) -> TokenStream {
        let item = self.to_tokens(added);
        let errors = problems.into_compile_errors();
        quote!(#item #errors)
    }

    /// Added at the end, because attributes of the whole block stand at its beginning.
    fn to_tokens(&self, added: &TokenStream) -> TokenStream {
        let mut inside = self.body.stream();
        inside.append_all([added]);
        let mut body = Group::new(Delimiter::Brace, inside);
        body.set_span(self.body.span());
        let mut item: TokenStream = self.header.iter().cloned().collect();
        item.append(body);
        item
    }
}

fn is_trait_impl(header: &[TokenTree]) -> bool {
    let has = |word: &str| header.iter().any(|token| token.to_string() == word);
    has("impl") && has("for")
}

/// Enough of the item to underline.
fn first_line(item: &TokenStream) -> impl ToTokens {
    let is_part = |token: &TokenTree| !matches!(token, TokenTree::Group(_));
    item.clone().into_iter().take_while(is_part).collect::<TokenStream>()
}
