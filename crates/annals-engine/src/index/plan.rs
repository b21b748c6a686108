//! Queries as intersections and unions of lists, walked by leaps.
//!
//! To find the next match from a position, every list of an intersection is asked for its next
//! entry; the furthest answer is the next candidate, and so on until all agree. Each leap is one
//! seek, so the rarest list decides the cost (leapfrog join, Veldhuizen 2014).

use annals_core::{Query, QueryItem, Result, StreamSelector};

use super::{
    lists::List,
    term::{TermKind, Terms},
    view::View,
};

/// A query, ready to be walked.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Every position.
    All,
    /// Any of these.
    AnyOf(Vec<AllOf>),
}

/// A position must be in all of these.
#[derive(Debug)]
pub(crate) struct AllOf {
    groups: Vec<OneOf>,
    /// Whether the rarest group stands first, where it leads.
    is_sorted: bool,
}

/// A position must be in one of these.
#[derive(Debug)]
struct OneOf(Vec<List>);

#[derive(Clone, Copy)]
enum Leap {
    Forward,
    Backward,
}

/// As many lists as can be looked into while somebody waits.
const DIRECT_LISTS_MAX: usize = 16;

/// Whether the next match of a query is one look into each of a few lists, however long they are:
/// no item brings lists together that may seldom meet.
pub(crate) fn is_direct(query: &Query) -> bool {
    let mut lists = 0;
    let mut one_group_each = true;
    for QueryItem { types, tags, streams, correlation } in query.items() {
        let correlations = usize::from(correlation.is_some());
        let groups = tags.len()
            + correlations
            + usize::from(!streams.is_empty())
            + usize::from(!types.is_empty());
        one_group_each &= groups < 2;
        lists += types.len() + tags.len() + streams.len() + correlations;
    }
    one_group_each && lists <= DIRECT_LISTS_MAX
}

impl Plan {
    pub(crate) fn new(query: &Query, terms: &Terms) -> Self {
        if query.is_all() {
            return Self::All;
        }
        Self::AnyOf(query.items().iter().map(|item| AllOf::new(item, terms)).collect())
    }

    /// Leaves the lists as they are, without asking the tree which is the rarest.
    pub(crate) fn unsorted(mut self) -> Self {
        if let Self::AnyOf(items) = &mut self {
            items.iter_mut().for_each(|item| item.is_sorted = true);
        }
        self
    }

    /// The first match at or after `position`. May lie beyond the head.
    pub(crate) fn at_least(&mut self, view: &View, position: u64) -> Result<Option<u64>> {
        self.nearest(view, position, Leap::Forward)
    }

    /// The last match at or before `position`.
    pub(crate) fn at_most(&mut self, view: &View, position: u64) -> Result<Option<u64>> {
        self.nearest(view, position, Leap::Backward)
    }

    fn nearest(&mut self, view: &View, position: u64, leap: Leap) -> Result<Option<u64>> {
        let Self::AnyOf(items) = self else { return Ok(Some(position)) };
        let mut nearest = None;
        for item in items {
            if let Some(found) = item.nearest(view, position, leap)? {
                nearest = Some(nearest.map_or(found, |nearest| leap.nearer(nearest, found)));
            }
        }
        Ok(nearest)
    }
}

impl AllOf {
    fn new(item: &QueryItem, terms: &Terms) -> Self {
        let list = |kind, name: &str| List::new(terms.term(kind, name));
        let mut groups: Vec<OneOf> =
            item.tags.iter().map(|tag| OneOf(vec![list(TermKind::Tag, tag.as_str())])).collect();
        if let Some(correlation) = &item.correlation {
            groups.push(OneOf(vec![list(TermKind::Correlation, correlation)]));
        }
        if !item.streams.is_empty() {
            let lists = item.streams.iter().flat_map(|selector| match selector {
                StreamSelector::Stream(stream) => vec![
                    List::new(terms.stream(stream)),
                    list(TermKind::Tombstone, stream.as_str()),
                ],
                StreamSelector::Category(category) => {
                    vec![list(TermKind::Category, category.as_str())]
                }
            });
            groups.push(OneOf(lists.collect()));
        }
        if !item.types.is_empty() {
            let lists = item.types.iter().map(|t| list(TermKind::EventType, t.as_str()));
            groups.push(OneOf(lists.collect()));
        }
        // A group alone leads anyway.
        let is_sorted = groups.len() < 2;
        Self { groups, is_sorted }
    }

    fn nearest(&mut self, view: &View, position: u64, leap: Leap) -> Result<Option<u64>> {
        if !self.is_sorted {
            self.sort(view)?;
        }
        let mut candidate = position;
        loop {
            let start = candidate;
            for group in &mut self.groups {
                let Some(found) = group.nearest(view, candidate, leap)? else { return Ok(None) };
                candidate = found;
            }
            if candidate == start {
                return Ok(Some(candidate));
            }
            // One group alone agrees with itself; several must all be asked again.
            if self.groups.len() == 1 {
                return Ok(Some(candidate));
            }
        }
    }
}

impl AllOf {
    fn sort(&mut self, view: &View) -> Result<()> {
        let mut counted = Vec::with_capacity(self.groups.len());
        for mut group in self.groups.drain(..) {
            counted.push((group.count(view)?, group));
        }
        counted.sort_by_key(|(count, _)| *count);
        self.groups = counted.into_iter().map(|(_, group)| group).collect();
        self.is_sorted = true;
        Ok(())
    }
}

impl OneOf {
    fn count(&mut self, view: &View) -> Result<u64> {
        self.0.iter_mut().map(|list| list.count(view)).sum()
    }

    fn nearest(&mut self, view: &View, position: u64, leap: Leap) -> Result<Option<u64>> {
        let mut nearest = None;
        for list in &mut self.0 {
            let found = match leap {
                Leap::Forward => list.at_least(view, position)?,
                Leap::Backward => list.at_most(view, position)?,
            };
            if let Some(found) = found {
                nearest = Some(nearest.map_or(found, |nearest| leap.nearer(nearest, found)));
            }
        }
        Ok(nearest)
    }
}

impl Leap {
    fn nearer(self, left: u64, right: u64) -> u64 {
        match self {
            Self::Forward => std::cmp::min(left, right),
            Self::Backward => std::cmp::max(left, right),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{EventType, Tag};

    #[test]
    fn lists_that_are_brought_together_may_be_walked_far() {
        let tag = |name: &str| Tag::new(name).unwrap();
        let types = |count: usize| {
            QueryItem::types((0..count).map(|n| EventType::new(format!("t{n}")).unwrap()))
        };
        let asks = |items: Vec<QueryItem>| is_direct(&Query::any_of(items).unwrap());
        assert!(is_direct(&Query::all()));
        assert!(asks(vec![QueryItem::tags([tag("a")]), types(3)]));
        assert!(!asks(vec![QueryItem::tags([tag("a"), tag("b")])]));
        assert!(!asks(vec![QueryItem { tags: vec![tag("a")], ..types(1) }]));
        assert!(!asks(vec![types(DIRECT_LISTS_MAX + 1)]), "too many to be quick");
    }
}
