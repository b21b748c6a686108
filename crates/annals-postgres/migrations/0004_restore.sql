-- Restoring: what another store recorded, with its own versions, times and revisions. The program
-- has decided about it as of a moment; here is only that this moment has not passed.

CREATE FUNCTION restore(
    -- Where the store must stand.
    want_head bigint,
    want_revision bigint,
    want_recorded_at timestamptz,
    -- The rows of `streams` as the events leave them; NULL where they leave them as they were.
    s_stream text[],
    s_type text[],
    s_last bigint[],
    s_first bigint[],
    s_settings json[],
    s_settings_version bigint[],
    s_before bigint[],
    s_max_count bigint[],
    s_max_age bigint[],
    s_deleted boolean[],
    s_tombstoned boolean[],
    -- The events in their order, from the next position on.
    e_id uuid[],
    e_stream text[],
    e_category text[],
    e_version bigint[],
    e_type text[],
    e_schema_version bigint[],
    e_content_type text[],
    e_data json[],
    e_bytes bytea[],
    e_metadata json[],
    e_metadata_bytes bytea[],
    e_correlation text[],
    e_tags text[],
    e_occurred bigint[],
    e_created timestamptz[],
    -- The tags with the number of their event from 0.
    t_tag text[],
    t_event bigint[],
    -- How many streams begin.
    begun bigint,
    -- Keyed state: each piece once, with its newest revision; NULL for a value that is deleted.
    k_kind text[],
    k_name text[],
    k_value bytea[],
    k_revision bigint[],
    k_recorded timestamptz[],
    -- The store after it.
    new_revision bigint,
    new_recorded_at timestamptz,
    channel text
) RETURNS boolean
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    event_count bigint := coalesce(cardinality(e_id), 0);
BEGIN
    -- The lock of `append`.
    PERFORM pg_advisory_xact_lock(1634627169, 'store'::regclass::oid::integer);
    IF NOT EXISTS (SELECT FROM store WHERE head = want_head AND revision = want_revision
        AND recorded_at = want_recorded_at)
    THEN
        RETURN false;
    END IF;

    INSERT INTO events (global_position, event_id, stream_id, stream_type, version, event_type,
        schema_version, content_type, event_data, event_bytes, metadata, metadata_bytes,
        correlation_id, tags, occurred_us, created_at)
    SELECT want_head + e.number, e.id, e.stream, e.category, e.version, e.type, e.schema_version,
        e.content_type, e.data, e.bytes, e.metadata, e.metadata_bytes, e.correlation,
        e.tags::text[], e.occurred, e.created
    FROM unnest(e_id, e_stream, e_category, e_version, e_type, e_schema_version, e_content_type,
            e_data, e_bytes, e_metadata, e_metadata_bytes, e_correlation, e_tags, e_occurred,
            e_created) WITH ORDINALITY
        AS e (id, stream, category, version, type, schema_version, content_type, data, bytes,
            metadata, metadata_bytes, correlation, tags, occurred, created, number);

    IF t_tag IS NOT NULL THEN
        INSERT INTO event_tags (tag, global_position)
        SELECT t.tag, want_head + 1 + t.event FROM unnest(t_tag, t_event) AS t (tag, event);
    END IF;

    INSERT INTO streams AS s (stream_id, stream_type, last_version, first_position, metadata,
        metadata_version, truncate_before, max_count, max_age_seconds, is_deleted, is_tombstoned)
    SELECT * FROM unnest(s_stream, s_type, s_last, s_first, s_settings, s_settings_version,
        s_before, s_max_count, s_max_age, s_deleted, s_tombstoned)
    ON CONFLICT (stream_id) DO UPDATE SET
        last_version = coalesce(excluded.last_version, s.last_version),
        first_position = coalesce(s.first_position, excluded.first_position),
        is_tombstoned = s.is_tombstoned OR excluded.is_tombstoned,
        metadata_version = coalesce(excluded.metadata_version, s.metadata_version),
        metadata = CASE WHEN excluded.metadata_version IS NULL THEN s.metadata ELSE excluded.metadata END,
        truncate_before = CASE WHEN excluded.metadata_version IS NULL THEN s.truncate_before ELSE excluded.truncate_before END,
        max_count = CASE WHEN excluded.metadata_version IS NULL THEN s.max_count ELSE excluded.max_count END,
        max_age_seconds = CASE WHEN excluded.metadata_version IS NULL THEN s.max_age_seconds ELSE excluded.max_age_seconds END,
        is_deleted = CASE WHEN excluded.metadata_version IS NULL THEN s.is_deleted ELSE excluded.is_deleted END;

    DELETE FROM state s USING unnest(k_kind, k_name, k_value) AS put (kind, name, value)
    WHERE put.value IS NULL AND s.kind = put.kind AND s.name = put.name;
    INSERT INTO state AS s (kind, name, value, revision, recorded_at)
    SELECT put.kind, put.name, put.value, put.revision, put.recorded
    FROM unnest(k_kind, k_name, k_value, k_revision, k_recorded)
        AS put (kind, name, value, revision, recorded)
    WHERE put.value IS NOT NULL
    ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value,
        revision = excluded.revision, recorded_at = excluded.recorded_at;

    UPDATE store SET head = want_head + event_count, streams = streams + begun,
        revision = new_revision, recorded_at = new_recorded_at;
    IF event_count > 0 AND do_others_listen() THEN
        PERFORM pg_notify(channel, (want_head + event_count)::text);
    END IF;
    RETURN true;
END
$$;
