//! The texts of the statements, with the name of the schema filled in once.

use annals_core::Direction;

/// The columns of an event, in the order in which [`row`](crate::read::row) takes them. What is
/// nearly always the same is left out, because each value costs the server more than a NULL.
pub(crate) const EVENT: &str = "e.global_position, e.event_id, e.stream_id, e.version, \
    e.event_type, nullif(e.schema_version, 1), e.content_type, e.event_data, e.event_bytes, \
    e.metadata, e.metadata_bytes, e.correlation_id, e.tags, e.occurred_us, e.created_at";

/// The same columns where every event is of the stream that was asked for.
const EVENT_OF_STREAM: &str = "e.global_position, e.event_id, NULL::text, e.version, \
    e.event_type, nullif(e.schema_version, 1), e.content_type, e.event_data, e.event_bytes, \
    e.metadata, e.metadata_bytes, e.correlation_id, e.tags, e.occurred_us, e.created_at";

/// The same columns after the position in a row that has no event.
const NO_EVENT: &str = "NULL::uuid, NULL::text, NULL::bigint, NULL::text, NULL::bigint, \
    NULL::text, NULL::json, NULL::bytea, NULL::json, NULL::bytea, NULL::text, NULL::text[], \
    NULL::bigint, NULL::timestamptz";

/// Statements with a fixed text.
#[derive(Debug)]
pub(crate) struct Sql {
    /// The quoted name of the schema.
    pub(crate) schema: String,
    pub(crate) heads: String,
    pub(crate) end: String,
    pub(crate) restore: String,
    pub(crate) by_id: String,
    pub(crate) at_version: String,
    pub(crate) state_of_all: String,
    pub(crate) state: String,
    pub(crate) states: String,
    pub(crate) head: String,
    pub(crate) events_between: String,
    pub(crate) stream_info: String,
    pub(crate) newest_of: String,
    pub(crate) tombstone: String,
    pub(crate) streams: String,
    pub(crate) info: String,
    pub(crate) read_all_forward: String,
    pub(crate) read_all_backward: String,
    pub(crate) read_stream_forward: String,
    pub(crate) read_stream_backward: String,
}

/// A name as PostgreSQL reads it between quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The call of a function with so many arguments.
pub(crate) fn call(schema: &str, function: &str, arguments: usize) -> String {
    let numbers: Vec<String> = (1..=arguments).map(|number| format!("${number}")).collect();
    format!("SELECT * FROM {schema}.{function}({})", numbers.join(", "))
}

/// The same for a function with one result, which PostgreSQL need not treat as a table.
pub(crate) fn call_one(schema: &str, function: &str, arguments: usize) -> String {
    call(schema, function, arguments).replacen("* FROM ", "", 1)
}

impl Sql {
    pub(crate) fn new(schema: &str) -> Self {
        let s = schema;
        Self {
            heads: format!(
                "SELECT stream_id, last_version, metadata_version, metadata, is_tombstoned \
                 FROM {s}.streams WHERE stream_id = ANY ($1)"
            ),
            end: format!("SELECT head, revision, recorded_at FROM {s}.store"),
            restore: crate::write::restore::call(s),
            by_id: format!(
                "SELECT e.stream_id, e.event_id, e.version, e.global_position \
                 FROM {s}.events e \
                 WHERE e.event_id = ANY ($1) \
                 AND e.global_position > (SELECT head FROM {s}.store) - $2::bigint"
            ),
            at_version: format!(
                "SELECT e.stream_id, e.event_id, e.version, e.global_position \
                 FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS w (stream, first, count) \
                 JOIN {s}.events e ON e.stream_id = w.stream \
                 AND e.version >= w.first AND e.version < w.first + w.count"
            ),
            state_of_all: format!(
                "SELECT s.kind, s.name, s.revision, \
                 CASE s.kind WHEN 'checkpoint' THEN s.value ELSE '' END \
                 FROM unnest($1::text[], $2::text[]) AS k (kind, name) \
                 JOIN {s}.state s ON s.kind = k.kind AND s.name = k.name"
            ),
            state: format!(
                "SELECT value, revision, recorded_at FROM {s}.state WHERE kind = $1 AND name = $2"
            ),
            states: format!(
                "SELECT value, revision, recorded_at, name FROM {s}.state \
                 WHERE kind = $1 AND starts_with(name, $2) AND name >= $2 \
                 AND ($3::text IS NULL OR name > $3) ORDER BY name LIMIT $4"
            ),
            events_between: events_between(s),
            head: format!("SELECT head, store_id::text FROM {s}.store"),
            stream_info: format!(
                "SELECT s.last_version, s.metadata_version, s.metadata, s.is_tombstoned, \
                 e.created_at \
                 FROM (SELECT $1::text AS stream, $2::text AS base) AS asked \
                 LEFT JOIN {s}.streams s ON s.stream_id = asked.base \
                 LEFT JOIN {s}.streams own ON own.stream_id = asked.stream \
                 LEFT JOIN {s}.events e \
                 ON e.stream_id = asked.stream AND e.version = own.last_version"
            ),
            newest_of: format!(
                "SELECT is_tombstoned, {s}.version_beyond(stream_id, $2) - 1 \
                 FROM {s}.streams WHERE stream_id = $1"
            ),
            tombstone: tombstone(s),
            streams: format!(
                "SELECT stream_id, first_position FROM {s}.streams \
                 WHERE first_position > $1 AND ($2::text IS NULL OR stream_type = $2) \
                 ORDER BY first_position LIMIT $3"
            ),
            info: format!(
                "SELECT head, streams, store_id::text, (\
                 SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c \
                 WHERE c.relkind = 'r' AND c.relnamespace = \
                 (SELECT relnamespace FROM pg_class WHERE oid = to_regclass($1))), revision \
                 FROM {s}.store"
            ),
            read_all_forward: read_all(s, Direction::Forward),
            read_all_backward: read_all(s, Direction::Backward),
            read_stream_forward: read_stream(s, ""),
            read_stream_backward: read_stream(s, " DESC"),
            schema: schema.to_owned(),
        }
    }
}

/// The event that closed a stream.
fn tombstone(s: &str) -> String {
    format!(
        "SELECT {EVENT} FROM {s}.events e \
         WHERE e.stream_id = $1 AND e.version = 9223372036854775807"
    )
}

/// The events from one position to another.
fn events_between(s: &str) -> String {
    format!(
        "SELECT {EVENT} FROM {s}.events e WHERE e.global_position BETWEEN $1 AND $2 \
         ORDER BY e.global_position"
    )
}

/// The highest position that a page may have, of those up to `$2`; without a head there is none.
pub(crate) fn high(s: &str) -> String {
    format!("least($2::bigint, coalesce((SELECT head FROM {s}.store), -1))")
}

/// A page of the whole store: from, to, limit.
fn read_all(s: &str, direction: Direction) -> String {
    let high = high(s);
    let every = format!("{s}.events e WHERE e.global_position BETWEEN $1::bigint AND {high}");
    head_and_events(s, &every, direction)
}

/// A row that has the head, then the events of a source, at most `$3` of them.
///
/// The head has a row of its own, so that it is there without events, is sent once, and costs no
/// join. Its place is before all others; the events come in order from an index or one sort.
pub(crate) fn head_and_events(s: &str, source: &str, direction: Direction) -> String {
    let (order, place) = match direction {
        Direction::Forward => ("", -1),
        Direction::Backward => (" DESC", i64::MAX),
    };
    format!(
        "SELECT * FROM (SELECT head, {place}::bigint AS place, {NO_EVENT} FROM {s}.store \
         UNION ALL (SELECT NULL::bigint, {EVENT} FROM {source} \
         ORDER BY e.global_position{order} LIMIT $3::bigint)) AS page ORDER BY place{order}"
    )
}

/// A page of a stream with what retention leaves of it: name, from, to, time, limit.
///
/// The database's own time is that of the statement: one that may change meanwhile would be no
/// bound for the index, and every page would begin at the first version.
fn read_stream(s: &str, order: &str) -> String {
    format!(
        "SELECT t.head, s.last_version, nullif(s.is_deleted, false), \
         nullif(s.is_tombstoned, false), {EVENT_OF_STREAM} \
         FROM {s}.store t \
         LEFT JOIN {s}.streams s ON s.stream_id = $1 \
         LEFT JOIN LATERAL (SELECT e.* FROM {s}.events e WHERE e.stream_id = $1 \
         AND e.version >= greatest($2::bigint, s.truncate_before, \
         s.last_version + 1 - s.max_count, \
         CASE WHEN s.max_age_seconds IS NOT NULL THEN {s}.version_since($1, \
         coalesce($4::timestamptz, statement_timestamp()) \
         - least(s.max_age_seconds, 100000000000) * interval '1 second') END) \
         AND e.version <= least($3::bigint, 9223372036854775806) \
         ORDER BY e.version{order} LIMIT $5) AS e ON true \
         ORDER BY e.version{order}"
    )
}
