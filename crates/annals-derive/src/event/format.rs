//! What the data of an event is written in.

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    Json,
    Cbor,
    MessagePack,
    Raw,
}

impl Format {
    pub(super) fn parse(text: LitStr) -> syn::Result<Self> {
        match text.value().as_str() {
            "json" => Ok(Self::Json),
            "cbor" => Ok(Self::Cbor),
            "messagepack" => Ok(Self::MessagePack),
            "raw" => Ok(Self::Raw),
            other => {
                let what = format!(
                    "unknown format `{other}`; the formats are `json`, `cbor`, `messagepack`, `raw`"
                );
                Err(syn::Error::new_spanned(text, what))
            }
        }
    }

    /// The value of `annals::Format`.
    pub(super) fn value(self) -> TokenStream {
        match self {
            Self::Json => quote!(::annals::Format::Json),
            Self::Cbor => quote!(::annals::Format::Cbor),
            Self::MessagePack => quote!(::annals::Format::MessagePack),
            Self::Raw => quote!(::annals::Format::Raw),
        }
    }

    /// The function that serializes to this format.
    pub(super) fn encoder(self) -> TokenStream {
        match self {
            Self::Json | Self::Raw => quote!(::annals::derive_support::encode_json),
            Self::Cbor => quote!(::annals::derive_support::encode_cbor),
            Self::MessagePack => quote!(::annals::derive_support::encode_messagepack),
        }
    }
}
