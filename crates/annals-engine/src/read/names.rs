//! The names of streams, in the order of their first event.

use annals_core::{Category, Result, StreamName};

use super::snapshot::Snapshot;
use crate::index::{lists::List, plan::Plan};

/// Names on one page.
const PAGE_NAMES: usize = 512;

/// The next streams begun at or after a position, and where to go on; `None` at the end.
pub(crate) fn page(
    snapshot: &Snapshot,
    category: Option<&Category>,
    from: u64,
) -> Result<(Vec<StreamName>, Option<u64>)> {
    let mut begun = List::new(snapshot.terms.begun());
    let query = category.map(|category| {
        let item = annals_core::QueryItem::category(category.clone());
        annals_core::Query::any_of([item])
    });
    let mut plan = match query {
        Some(query) => Plan::new(&query?, &snapshot.terms),
        None => Plan::All,
    };
    let mut names = Vec::new();
    let mut at = from;
    while names.len() < PAGE_NAMES {
        let Some(found) = begun.at_least(&snapshot.view, at)?.filter(|p| *p < snapshot.end) else {
            return Ok((names, None));
        };
        let Some(agreed) = plan.at_least(&snapshot.view, found)? else { return Ok((names, None)) };
        if agreed > found {
            at = agreed;
            continue;
        }
        at = found + 1;
        // A stream whose first event was scavenged is not listed.
        let event = snapshot.view.try_event(found)?;
        let wanted = |name: &StreamName| {
            category.is_none_or(|category| name.category_str() == Some(category.as_str()))
        };
        names.extend(event.map(|event| event.stream).filter(wanted));
    }
    Ok((names, Some(at)))
}
