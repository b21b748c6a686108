//! Queries as SQL: for each item, the index that leads to its events in order of position.
//!
//! Every branch gives at most a page of positions in order, so the database walks an index from
//! one end and stops. Which index depends on what the item asks for; the rest is filtered.

use std::collections::BTreeSet;

use annals_core::{Direction, Query, QueryItem};
use tokio_postgres::types::ToSql;

use crate::{condition, sql, text};

/// A statement with its arguments.
#[derive(Debug)]
pub(super) struct Statement {
    /// A query that gives positions `p`, without repeats but in no order.
    pub(super) sql: String,
    pub(super) arguments: Vec<Argument>,
}

/// An argument of a statement.
#[derive(Debug, Clone)]
pub(super) enum Argument {
    Text(String),
    Texts(Vec<String>),
}

impl Argument {
    pub(super) fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Text(text) => text,
            Self::Texts(texts) => texts,
        }
    }
}

/// Tags beside the first that are looked up in the index; more would cost more to plan than to
/// filter.
const TAGS_JOINED_MAX: usize = 3;
/// The arguments before those of the query: low, high, limit.
const FIRST_ARGUMENT: usize = 4;

struct Writer<'a> {
    schema: &'a str,
    /// The highest position.
    high: String,
    order: &'static str,
    arguments: Vec<Argument>,
}

/// The positions between `$1` and [`high`](sql::high), at most `$3` of them, that match.
pub(super) fn positions(schema: &str, query: &Query, direction: Direction) -> Statement {
    let order = match direction {
        Direction::Forward => "ASC",
        Direction::Backward => "DESC",
    };
    let high = sql::high(schema);
    let mut writer = Writer { schema, high, order, arguments: Vec::new() };
    let mut branches = Vec::new();
    for item in query.items() {
        writer.item(item, &mut branches);
    }
    Statement { sql: branches.join(" UNION "), arguments: writer.arguments }
}

impl Writer<'_> {
    fn text(&mut self, text: &str) -> String {
        self.argument(Argument::Text(text.to_owned()), "text")
    }

    /// Each once, because each is walked to by itself.
    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> String {
        let texts: BTreeSet<&str> = texts.into_iter().collect();
        let texts = texts.into_iter().map(str::to_owned).collect();
        self.argument(Argument::Texts(texts), "text[]")
    }

    fn argument(&mut self, argument: Argument, ty: &str) -> String {
        self.arguments.push(argument);
        format!("${}::{ty}", FIRST_ARGUMENT + self.arguments.len() - 1)
    }

    fn item(&mut self, item: &QueryItem, branches: &mut Vec<String>) {
        let (streams, categories) = condition::split(&item.streams);
        if let Some((first, others)) = item.tags.split_first() {
            let mut filter = self.filter(item, Lead::Tag);
            let (joined, filtered) = others.split_at(std::cmp::min(others.len(), TAGS_JOINED_MAX));
            if !filtered.is_empty() {
                let wanted = self.texts(filtered.iter().map(|tag| tag.as_str()));
                filter.push_str(&format!(" AND e.tags @> {wanted}"));
            }
            branches.push(self.by_tag(first.as_str(), joined, &filter));
        } else if let Some(correlation) = &item.correlation {
            let filter = self.filter(item, Lead::Correlation);
            let wanted = self.text(&text::correlation(correlation));
            branches.push(self.by_column(&format!("e.correlation_id = {wanted}"), &filter));
        } else if !item.streams.is_empty() {
            let filter = self.filter(item, Lead::Stream);
            if !streams.is_empty() {
                branches.push(self.by_stream(streams, &filter));
            }
            if !categories.is_empty() {
                let wanted = self.texts(categories);
                branches.push(self.by_each("stream_type", &wanted, &filter));
            }
        } else {
            let wanted = self.texts(item.types.iter().map(|name| name.as_str()));
            branches.push(self.by_each("event_type", &wanted, ""));
        }
    }

    /// What an item asks for beside what leads to its events.
    fn filter(&mut self, item: &QueryItem, lead: Lead) -> String {
        let mut filter = String::new();
        if !item.types.is_empty() {
            let types = self.texts(item.types.iter().map(|name| name.as_str()));
            filter.push_str(&format!(" AND e.event_type = ANY ({types})"));
        }
        if lead != Lead::Stream && !item.streams.is_empty() {
            let (streams, categories) = condition::split(&item.streams);
            let (streams, categories) = (self.texts(streams), self.texts(categories));
            filter.push_str(&format!(
                " AND (e.stream_id = ANY ({streams}) OR e.stream_type = ANY ({categories}))"
            ));
        }
        if let Some(correlation) = item.correlation.as_ref().filter(|_| lead == Lead::Tag) {
            let wanted = self.text(&text::correlation(correlation));
            filter.push_str(&format!(" AND e.correlation_id = {wanted}"));
        }
        filter
    }

    fn by_tag(&mut self, first: &str, others: &[annals_core::Tag], filter: &str) -> String {
        let Self { schema, order, .. } = *self;
        let mut joins = String::new();
        for (number, tag) in others.iter().enumerate() {
            let wanted = self.text(tag.as_str());
            joins.push_str(&format!(
                " JOIN {schema}.event_tags t{number} \
                 ON t{number}.global_position = t.global_position AND t{number}.tag = {wanted}"
            ));
        }
        if !filter.is_empty() {
            joins.push_str(&format!(
                " JOIN {schema}.events e ON e.global_position = t.global_position"
            ));
        }
        let first = self.text(first);
        let high = &self.high;
        format!(
            "(SELECT t.global_position AS p FROM {schema}.event_tags t{joins} \
             WHERE t.tag = {first} AND t.global_position BETWEEN $1::bigint AND {high}{filter} \
             ORDER BY t.global_position {order} LIMIT $3::bigint)"
        )
    }

    fn by_column(&self, wanted: &str, filter: &str) -> String {
        let Self { schema, high, order, .. } = self;
        format!(
            "(SELECT e.global_position AS p FROM {schema}.events e \
             WHERE {wanted} AND e.global_position BETWEEN $1::bigint AND {high}{filter} \
             ORDER BY e.global_position {order} LIMIT $3::bigint)"
        )
    }

    /// Walks an index once for each wanted value, so that each walk is in order.
    fn by_each(&self, column: &str, wanted: &str, filter: &str) -> String {
        let inner = self.by_column(&format!("e.{column} = w.value"), filter);
        format!("(SELECT f.p FROM unnest({wanted}) AS w (value) CROSS JOIN LATERAL {inner} AS f)")
    }

    /// Versions stand in the order of positions.
    fn by_stream(&mut self, streams: Vec<&str>, filter: &str) -> String {
        let wanted = self.texts(streams);
        let Self { schema, high, order, .. } = self;
        format!(
            "(SELECT f.p FROM unnest({wanted}) AS w (value) CROSS JOIN LATERAL (\
             SELECT e.global_position AS p FROM {schema}.events e \
             WHERE e.stream_id = w.value \
             AND e.version >= {schema}.version_beyond(w.value, $1::bigint - 1) \
             AND e.version <= {schema}.version_upto(w.value, {high}) \
             AND e.global_position BETWEEN $1::bigint AND {high}{filter} \
             ORDER BY e.version {order} LIMIT $3::bigint) AS f)"
        )
    }
}

/// What leads to the events of an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Tag,
    Correlation,
    Stream,
}
