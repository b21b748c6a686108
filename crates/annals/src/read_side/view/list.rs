//! Listing documents a page at a time.

use std::{collections::VecDeque, future::Future};

use annals_core::{BoxStream, Result};
use futures_lite::stream;

use super::{View, ViewHandle, folder};

/// Documents read at once.
const PAGE: u32 = 200;

/// A list under way.
struct Listing<V, T> {
    view: ViewHandle<V>,
    ready: VecDeque<T>,
    /// The last key given.
    after: Option<String>,
    left: u64,
    is_over: bool,
}

pub(super) fn documents<V: View>(
    view: &ViewHandle<V>,
    limit: u64,
) -> BoxStream<'static, Result<(String, V)>> {
    list(view, limit, |item: &(String, V)| item.0.clone(), page)
}

pub(super) fn keys<V: View>(
    view: &ViewHandle<V>,
    limit: u64,
) -> BoxStream<'static, Result<String>> {
    list(view, limit, String::clone, key_page)
}

async fn page<V: View>(
    view: ViewHandle<V>,
    after: Option<String>,
    limit: u32,
) -> Result<(Vec<(String, V)>, IsLast)> {
    let Some(documents) = &view.registered()?.documents else {
        return Ok((view.folded().await?.into_iter().collect(), IsLast(true)));
    };
    let page = documents.page(after.as_deref(), limit).await?;
    let is_last = IsLast(page.len() < limit as usize);
    let decode = |(key, text): (String, String)| {
        let document = folder::decode(&key, &text)?;
        Ok((key, document))
    };
    Ok((page.into_iter().map(decode).collect::<Result<_>>()?, is_last))
}

async fn key_page<V: View>(
    view: ViewHandle<V>,
    after: Option<String>,
    limit: u32,
) -> Result<(Vec<String>, IsLast)> {
    let Some(documents) = &view.registered()?.documents else {
        return Ok((view.folded().await?.into_keys().collect(), IsLast(true)));
    };
    let page = documents.keys(after.as_deref(), limit).await?;
    let is_last = IsLast(page.len() < limit as usize);
    Ok((page, is_last))
}

/// Whether nothing comes after a page.
struct IsLast(bool);

fn list<V: View, T, F>(
    view: &ViewHandle<V>,
    limit: u64,
    key_of: impl Fn(&T) -> String + Send + Copy + 'static,
    page: impl Fn(ViewHandle<V>, Option<String>, u32) -> F + Send + Copy + 'static,
) -> BoxStream<'static, Result<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<(Vec<T>, IsLast)>> + Send,
{
    let listing = Listing {
        view: view.clone(),
        ready: VecDeque::new(),
        after: None,
        left: limit,
        is_over: false,
    };
    Box::pin(stream::unfold(Some(listing), move |listing| async move {
        let mut listing = listing?;
        if listing.left == 0 {
            return None;
        }
        if listing.ready.is_empty() && !listing.is_over {
            let limit = u32::try_from(listing.left).unwrap_or(PAGE).min(PAGE);
            match page(listing.view.clone(), listing.after.clone(), limit).await {
                Ok((page, IsLast(is_last))) => {
                    (listing.ready, listing.is_over) = (page.into(), is_last);
                }
                Err(error) => return Some((Err(error), None)),
            }
        }
        let item = listing.ready.pop_front()?;
        listing.left -= 1;
        listing.after = Some(key_of(&item));
        Some((Ok(item), Some(listing)))
    }))
}
