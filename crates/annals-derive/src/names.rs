//! The rules that names in attributes share with the names of the store.

use syn::LitStr;

/// A name that the store takes too: not empty, no control characters.
pub(crate) fn checked(what: &str, text: LitStr) -> syn::Result<LitStr> {
    let value = text.value();
    if value.is_empty() {
        return Err(syn::Error::new_spanned(text, format!("{what} is empty")));
    }
    if value.contains(char::is_control) {
        return Err(syn::Error::new_spanned(text, format!("{what} has a control character")));
    }
    Ok(text)
}

/// An event type, or a prefix of event types.
pub(crate) fn checked_event_type(what: &str, text: LitStr) -> syn::Result<LitStr> {
    let text = checked(what, text)?;
    refuse_system(&text)?;
    Ok(text)
}

/// A prefix: the dot after it comes by itself.
pub(crate) fn checked_prefix(text: LitStr) -> syn::Result<LitStr> {
    let text = checked_event_type("the prefix", text)?;
    if text.value().ends_with('.') {
        return Err(syn::Error::new_spanned(text, "the dot after the prefix comes by itself"));
    }
    Ok(text)
}

/// A category: it ends at the first `-` of a stream name, and `$` is for the system's streams.
pub(crate) fn checked_category(text: LitStr) -> syn::Result<LitStr> {
    let text = checked("the category", text)?;
    let value = text.value();
    if value.contains('-') {
        let what = format!(
            "a category ends at the first `-`, so `{value}` cannot be one; write `{}`",
            value.replace('-', "_")
        );
        return Err(syn::Error::new_spanned(text, what));
    }
    refuse_system(&text)?;
    Ok(text)
}

fn refuse_system(text: &LitStr) -> syn::Result<()> {
    if text.value().starts_with('$') {
        return Err(syn::Error::new_spanned(text, "names that begin with `$` are the system's"));
    }
    Ok(())
}
