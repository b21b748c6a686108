-- Views for people and programs that read the store with plain SQL. They keep their columns.

-- The events in the order of the store, with everything spelt out.
CREATE VIEW event_log AS
SELECT
    global_position,
    event_id,
    stream_id,
    stream_type,
    version,
    event_type,
    schema_version,
    coalesce(content_type, 'application/json') AS content_type,
    event_data,
    event_bytes,
    metadata,
    correlation_id,
    coalesce(tags, '{}') AS tags,
    -- A writer may give any time; one that PostgreSQL has no name for shows as infinite.
    CASE
        WHEN occurred_us IS NULL THEN created_at
        WHEN occurred_us < -210866803200000000 THEN '-infinity'
        WHEN occurred_us > 9223371331200000000 THEN 'infinity'
        ELSE timestamptz '1970-01-01 00:00:00+00' + occurred_us * interval '1 microsecond'
    END AS occurred_at,
    created_at
FROM events;

-- The streams and how they stand.
CREATE VIEW stream_list AS
SELECT
    stream_id,
    stream_type,
    CASE
        WHEN is_tombstoned THEN 'tombstoned'
        WHEN is_deleted THEN 'deleted'
        WHEN last_version IS NULL THEN 'missing'
        ELSE 'live'
    END AS status,
    last_version,
    first_position,
    truncate_before,
    max_count,
    max_age_seconds,
    metadata
FROM streams;

-- How far consumers have come, and how many events are left to them.
CREATE VIEW checkpoint_list AS
SELECT
    c.name,
    ('x' || encode(c.value, 'hex'))::bit(64)::bigint AS position,
    s.head - ('x' || encode(c.value, 'hex'))::bit(64)::bigint AS lag_events,
    c.recorded_at
FROM subscription_checkpoints c CROSS JOIN store s;
