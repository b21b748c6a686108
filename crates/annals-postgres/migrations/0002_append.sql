-- Appending: what the caller takes for granted is checked, and then everything is stored, in one
-- call and so in one round trip. The rules of acceptance themselves are in the program; here is
-- only what has to be atomic.

-- The lowest version of a stream that stands beyond a position. Positions grow with versions, so
-- halving finds it; most often nothing stands beyond, or everything does.
CREATE FUNCTION version_beyond(stream text, place bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
DECLARE
    low bigint := 0;
    high bigint := (SELECT last_version + 1 FROM streams WHERE stream_id = stream);
    middle bigint;
BEGIN
    IF high IS NULL OR place < 0 THEN
        RETURN 0;
    END IF;
    -- The newest is looked at first.
    middle := high - 1;
    WHILE low < high LOOP
        IF (SELECT global_position FROM events WHERE stream_id = stream AND version = middle) > place THEN
            high := middle;
        ELSE
            low := middle + 1;
        END IF;
        middle := (low + high) / 2;
    END LOOP;
    RETURN low;
END
$$;

-- The highest version of a stream at or before a position. Where nothing stands beyond it, the
-- event that closes a stream is taken in; whoever asks looks at its position too.
CREATE FUNCTION version_upto(stream text, place bigint) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
DECLARE
    beyond bigint := version_beyond(stream, place);
BEGIN
    IF beyond > coalesce((SELECT last_version FROM streams WHERE stream_id = stream), -1) THEN
        RETURN 9223372036854775807;
    END IF;
    RETURN beyond - 1;
END
$$;

-- The lowest version of a stream that was recorded at or after a time. Times never go back along
-- versions, so halving finds it.
CREATE FUNCTION version_since(stream text, since timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
DECLARE
    low bigint := 0;
    high bigint := (SELECT last_version + 1 FROM streams WHERE stream_id = stream);
    middle bigint;
BEGIN
    WHILE low < high LOOP
        middle := (low + high) / 2;
        IF (SELECT created_at FROM events WHERE stream_id = stream AND version = middle) >= since THEN
            high := middle;
        ELSE
            low := middle + 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;

-- The first event beyond a position that matches one item of a query; NULL when there is none.
-- An empty array, and no correlation, ask for nothing.
CREATE FUNCTION first_match(
    place bigint,
    in_types text[],
    with_tags text[],
    in_streams text[],
    in_categories text[],
    correlation text
) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
DECLARE
    any_type boolean := cardinality(in_types) = 0;
    any_stream boolean := cardinality(in_streams) + cardinality(in_categories) = 0;
BEGIN
    IF cardinality(with_tags) = 1 AND any_type AND any_stream AND correlation IS NULL THEN
        RETURN (SELECT min(t.global_position) FROM event_tags t
            WHERE t.tag = with_tags[1] AND t.global_position > place);
    ELSIF cardinality(with_tags) > 0 THEN
        RETURN (SELECT e.global_position
            FROM event_tags t JOIN events e ON e.global_position = t.global_position
            WHERE t.tag = with_tags[1] AND t.global_position > place
                AND e.tags @> with_tags
                AND (any_type OR e.event_type = ANY (in_types))
                AND (any_stream OR e.stream_id = ANY (in_streams) OR e.stream_type = ANY (in_categories))
                AND (correlation IS NULL OR e.correlation_id = correlation)
            ORDER BY t.global_position LIMIT 1);
    ELSIF correlation IS NOT NULL THEN
        RETURN (SELECT e.global_position FROM events e
            WHERE e.correlation_id = correlation AND e.global_position > place
                AND (any_type OR e.event_type = ANY (in_types))
                AND (any_stream OR e.stream_id = ANY (in_streams) OR e.stream_type = ANY (in_categories))
            ORDER BY e.global_position LIMIT 1);
    ELSIF NOT any_stream THEN
        RETURN least(
            (SELECT min(found.global_position)
            FROM unnest(in_streams) AS one (stream) CROSS JOIN LATERAL (
                SELECT e.global_position FROM events e
                WHERE e.stream_id = one.stream AND e.version >= version_beyond(one.stream, place)
                    AND (any_type OR e.event_type = ANY (in_types))
                ORDER BY e.version LIMIT 1) AS found),
            (SELECT min(found.global_position)
            FROM unnest(in_categories) AS one (category) CROSS JOIN LATERAL (
                SELECT e.global_position FROM events e
                WHERE e.stream_type = one.category AND e.global_position > place
                    AND (any_type OR e.event_type = ANY (in_types))
                ORDER BY e.global_position LIMIT 1) AS found));
    ELSIF NOT any_type THEN
        RETURN (SELECT min(found.global_position)
            FROM unnest(in_types) AS one (event_type) CROSS JOIN LATERAL (
                SELECT e.global_position FROM events e
                WHERE e.event_type = one.event_type AND e.global_position > place
                ORDER BY e.global_position LIMIT 1) AS found);
    END IF;
    RETURN (SELECT min(e.global_position) FROM events e WHERE e.global_position > place);
END
$$;

-- For each condition of an append, the first event that violates it; NULL when nothing does.
-- `conditions` is an array of {"after": position, "items": [{...}]}.
CREATE FUNCTION violations(conditions json) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path FROM CURRENT
AS $$
    SELECT array_agg((
        SELECT min(first_match(
            (condition ->> 'after')::bigint,
            ARRAY(SELECT json_array_elements_text(item -> 'types')),
            ARRAY(SELECT json_array_elements_text(item -> 'tags')),
            ARRAY(SELECT json_array_elements_text(item -> 'streams')),
            ARRAY(SELECT json_array_elements_text(item -> 'categories')),
            item ->> 'correlation'))
        FROM json_array_elements(condition -> 'items') AS item) ORDER BY number)
    FROM json_array_elements(conditions) WITH ORDINALITY AS all_of (condition, number)
$$;

-- Whether another session listens for commits, so that they have to be announced. Announcing costs
-- a lock that all writers on the server share until their commits, and wakes whoever listens.
--
-- A session that listens shares this lock for as long as it lives; its own share does not stand in
-- its way, because what it stores itself needs no announcement. One expression, so that nothing
-- comes between taking the lock and giving it back, and PostgreSQL puts it where it is called.
CREATE FUNCTION do_others_listen() RETURNS boolean
LANGUAGE sql VOLATILE
AS $$
    SELECT CASE WHEN pg_try_advisory_lock(1634627180, 'store'::regclass::oid::integer)
        THEN NOT pg_advisory_unlock(1634627180, 'store'::regclass::oid::integer)
        ELSE true END
$$;

-- Stores everything, or nothing when something is not as the caller takes it for granted.
--
-- This and `append_event` find their tables by the `search_path` of the session: setting it for
-- each call would cost a tenth of the call.
CREATE FUNCTION append(
    -- The rows of `streams` that are touched.
    s_stream text[],
    s_type text[],
    -- What its newest version must be: NULL anything, -1 none, -2 some or settings.
    s_want_last bigint[],
    -- What the version of its settings must be: NULL anything, -1 none.
    s_want_settings bigint[],
    -- Whether it must not be deleted.
    s_want_live boolean[],
    -- How many events it gets, and the number of the first from 1; how many settings, and which.
    s_count bigint[],
    s_first bigint[],
    s_settings_count bigint[],
    s_settings json[],
    s_before bigint[],
    s_max_count bigint[],
    s_max_age bigint[],
    s_deleted boolean[],
    s_tombstoned boolean[],
    -- Events that must not be among the newest: a retry would be.
    r_stream text[],
    r_id uuid[],
    retry_window bigint,
    conditions json,
    -- Keyed state: which, what revision it must have (NULL anything, -1 none), what a checkpoint
    -- must be below (NULL anything), the new value or NULL.
    k_kind text[],
    k_name text[],
    k_want bigint[],
    k_below bytea[],
    k_value bytea[],
    -- The events in their order: the row of its stream from 1, and its place among the new events
    -- of that stream from 0; NULL for a tombstone.
    e_row integer[],
    e_place bigint[],
    e_id uuid[],
    e_stream text[],
    e_category text[],
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
    -- The tags with the number of their event from 0.
    t_tag text[],
    t_event bigint[],
    -- The time; NULL: the database's own.
    now timestamptz,
    channel text,
    OUT is_done boolean,
    -- Per condition, the first event that violates it.
    OUT violated bigint[],
    -- Where the store stood before, and when the new events were recorded.
    OUT head_before bigint,
    OUT revision_before bigint,
    OUT recorded timestamptz,
    -- Per row of `s_stream`, the newest version before; -1 for none.
    OUT last_before bigint[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    event_count bigint := coalesce(cardinality(e_row), 0);
    begun bigint;
    are_settings_right boolean;
BEGIN
    -- One append at a time gets past this line, and each statement after it looks anew: so it sees
    -- every commit before. The lock ends with the transaction, after the commit is visible.
    PERFORM pg_advisory_xact_lock(1634627169, 'store'::regclass::oid::integer);
    SELECT head, revision, recorded_at INTO head_before, revision_before, recorded FROM store;
    is_done := false;

    SELECT bool_and(
            NOT coalesce(s.is_tombstoned, false)
            AND (want.last IS NULL
                OR (want.last = -2 AND (s.last_version IS NOT NULL OR s.metadata_version IS NOT NULL))
                OR want.last = coalesce(s.last_version, -1))
            AND (want.settings IS NULL OR want.settings = coalesce(s.metadata_version, -1))
            AND NOT (want.live AND coalesce(s.is_deleted, false))),
        array_agg(coalesce(s.last_version, -1) ORDER BY want.number)
    INTO are_settings_right, last_before
    FROM unnest(s_stream, s_want_last, s_want_settings, s_want_live) WITH ORDINALITY
        AS want (stream, last, settings, live, number)
        LEFT JOIN streams s ON s.stream_id = want.stream;
    IF NOT are_settings_right THEN
        RETURN;
    END IF;

    IF r_id IS NOT NULL AND EXISTS (
        SELECT FROM unnest(r_stream, r_id) AS retry (stream, id)
            JOIN events e ON e.event_id = retry.id AND e.stream_id = retry.stream
        WHERE e.global_position > head_before - retry_window
    ) THEN
        RETURN;
    END IF;

    IF k_kind IS NOT NULL AND EXISTS (
        SELECT FROM unnest(k_kind, k_name, k_want, k_below) AS put (kind, name, want, below)
            LEFT JOIN state s ON s.kind = put.kind AND s.name = put.name
        WHERE (put.want IS NOT NULL AND put.want <> coalesce(s.revision, -1))
            OR s.value >= put.below
    ) THEN
        RETURN;
    END IF;

    IF conditions IS NOT NULL THEN
        violated := violations(conditions);
        IF EXISTS (SELECT FROM unnest(violated) AS place WHERE place IS NOT NULL) THEN
            RETURN;
        END IF;
    END IF;

    is_done := true;
    IF event_count = 0 AND k_kind IS NULL THEN
        RETURN;
    END IF;
    recorded := greatest(recorded, coalesce(now, clock_timestamp()));

    IF event_count > 0 THEN
        INSERT INTO events (global_position, event_id, stream_id, stream_type, version, event_type,
            schema_version, content_type, event_data, event_bytes, metadata, metadata_bytes,
            correlation_id, tags, occurred_us, created_at)
        SELECT head_before + e.number, e.id, e.stream, e.category,
            coalesce(last_before[e.row] + 1 + e.place, 9223372036854775807), e.type,
            e.schema_version, e.content_type, e.data, e.bytes, e.metadata,
            e.metadata_bytes, e.correlation, e.tags::text[], e.occurred, recorded
        FROM unnest(e_row, e_place, e_id, e_stream, e_category, e_type, e_schema_version,
                e_content_type, e_data, e_bytes, e_metadata, e_metadata_bytes, e_correlation,
                e_tags, e_occurred) WITH ORDINALITY
            AS e (row, place, id, stream, category, type, schema_version, content_type, data,
                bytes, metadata, metadata_bytes, correlation, tags, occurred, number);

        IF t_tag IS NOT NULL THEN
            INSERT INTO event_tags (tag, global_position)
            SELECT t.tag, head_before + 1 + t.event FROM unnest(t_tag, t_event) AS t (tag, event);
        END IF;

        SELECT count(*) INTO begun
        FROM unnest(last_before, s_count) AS s (last, count) WHERE s.last = -1 AND s.count > 0;

        INSERT INTO streams AS s (stream_id, stream_type, last_version, first_position, metadata,
            metadata_version, truncate_before, max_count, max_age_seconds, is_deleted, is_tombstoned)
        SELECT n.stream, n.type, nullif(n.last + n.count, -1),
            CASE WHEN n.count > 0 THEN head_before + n.first END, n.settings,
            nullif(n.settings_count - 1, -1), n.before, n.max_count, n.max_age, n.deleted,
            n.tombstoned
        FROM unnest(s_stream, s_type, last_before, s_count, s_first, s_settings_count, s_settings,
                s_before, s_max_count, s_max_age, s_deleted, s_tombstoned)
            AS n (stream, type, last, count, first, settings_count, settings, before, max_count,
                max_age, deleted, tombstoned)
        WHERE n.count > 0 OR n.settings_count > 0 OR n.tombstoned
        ON CONFLICT (stream_id) DO UPDATE SET
            last_version = excluded.last_version,
            first_position = coalesce(s.first_position, excluded.first_position),
            is_tombstoned = s.is_tombstoned OR excluded.is_tombstoned,
            metadata_version = coalesce(s.metadata_version + 1 + excluded.metadata_version,
                s.metadata_version, excluded.metadata_version),
            metadata = CASE WHEN excluded.metadata_version IS NULL THEN s.metadata ELSE excluded.metadata END,
            truncate_before = CASE WHEN excluded.metadata_version IS NULL THEN s.truncate_before ELSE excluded.truncate_before END,
            max_count = CASE WHEN excluded.metadata_version IS NULL THEN s.max_count ELSE excluded.max_count END,
            max_age_seconds = CASE WHEN excluded.metadata_version IS NULL THEN s.max_age_seconds ELSE excluded.max_age_seconds END,
            is_deleted = CASE WHEN excluded.metadata_version IS NULL THEN s.is_deleted ELSE excluded.is_deleted END;
    END IF;

    IF k_kind IS NOT NULL THEN
        DELETE FROM state s USING unnest(k_kind, k_name, k_value) AS put (kind, name, value)
        WHERE put.value IS NULL AND s.kind = put.kind AND s.name = put.name;
        INSERT INTO state AS s (kind, name, value, revision, recorded_at)
        SELECT put.kind, put.name, put.value, revision_before + put.number, recorded
        FROM unnest(k_kind, k_name, k_value) WITH ORDINALITY AS put (kind, name, value, number)
        WHERE put.value IS NOT NULL
        ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value,
            revision = excluded.revision, recorded_at = excluded.recorded_at;
    END IF;

    UPDATE store SET head = head_before + event_count, streams = streams + coalesce(begun, 0),
        revision = revision_before + coalesce(cardinality(k_kind), 0), recorded_at = recorded;
    IF event_count > 0 AND do_others_listen() THEN
        PERFORM pg_notify(channel, (head_before + event_count)::text);
    END IF;
END
$$;

-- The same for one event to one stream, which most appends are: without arrays it takes half the
-- time. A result that is one value saves PostgreSQL from making a table of it.
CREATE FUNCTION append_event(
    stream text,
    category text,
    -- What the newest version must be: NULL anything, -1 none, -2 some or settings.
    want_last bigint,
    -- Whether the event may be a retry.
    may_repeat boolean,
    retry_window bigint,
    conditions json,
    id uuid,
    type text,
    version_of_schema bigint,
    type_of_content text,
    data json,
    bytes bytea,
    notes json,
    notes_bytes bytea,
    correlation text,
    with_tags text[],
    occurred bigint,
    now timestamptz,
    channel text
)
-- When it is done: 1, where the store stood before, and the newest version before. Else: 0, and for
-- each condition that was looked at the first event that violates it.
RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
    place bigint;
    recorded timestamptz;
    last bigint;
    settings bigint;
    is_closed boolean;
    violated bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(1634627169, 'store'::regclass::oid::integer);
    SELECT t.head + 1, t.recorded_at, coalesce(s.last_version, -1),
        coalesce(s.metadata_version, -1),
        coalesce(s.is_tombstoned OR s.is_deleted, false)
    INTO place, recorded, last, settings, is_closed
    FROM store t LEFT JOIN streams s ON s.stream_id = stream;
    IF is_closed OR want_last <> last AND NOT (want_last = -2 AND (last >= 0 OR settings >= 0)) THEN
        RETURN ARRAY[0];
    END IF;
    IF may_repeat AND EXISTS (
        SELECT FROM events e
        WHERE e.event_id = id AND e.stream_id = stream
            AND e.global_position >= place - retry_window
    ) THEN
        RETURN ARRAY[0];
    END IF;
    IF conditions IS NOT NULL THEN
        violated := violations(conditions);
        IF EXISTS (SELECT FROM unnest(violated) AS one WHERE one IS NOT NULL) THEN
            RETURN 0 || violated;
        END IF;
    END IF;

    recorded := greatest(recorded, coalesce(now, clock_timestamp()));
    -- One statement for all tables: each by itself costs more than what it writes.
    IF last >= 0 THEN
        WITH event AS (
            INSERT INTO events (global_position, event_id, stream_id, stream_type, version,
                event_type, schema_version, content_type, event_data, event_bytes, metadata,
                metadata_bytes, correlation_id, tags, occurred_us, created_at)
            VALUES (place, id, stream, category, last + 1, type, version_of_schema,
                type_of_content, data, bytes, notes, notes_bytes, correlation, with_tags, occurred,
                recorded)
        ), labels AS (
            INSERT INTO event_tags (tag, global_position) SELECT unnest(with_tags), place
        ), grown AS (
            UPDATE streams SET last_version = last + 1 WHERE stream_id = stream
        )
        UPDATE store SET head = place, recorded_at = recorded;
    ELSE
        WITH event AS (
            INSERT INTO events (global_position, event_id, stream_id, stream_type, version,
                event_type, schema_version, content_type, event_data, event_bytes, metadata,
                metadata_bytes, correlation_id, tags, occurred_us, created_at)
            VALUES (place, id, stream, category, last + 1, type, version_of_schema,
                type_of_content, data, bytes, notes, notes_bytes, correlation, with_tags, occurred,
                recorded)
        ), labels AS (
            INSERT INTO event_tags (tag, global_position) SELECT unnest(with_tags), place
        ), begun AS (
            INSERT INTO streams (stream_id, stream_type, last_version, first_position)
            VALUES (stream, category, 0, place)
            ON CONFLICT (stream_id) DO UPDATE SET
                last_version = excluded.last_version, first_position = excluded.first_position
        )
        UPDATE store SET head = place, recorded_at = recorded, streams = streams + 1;
    END IF;
    IF do_others_listen() THEN
        PERFORM pg_notify(channel, place::text);
    END IF;
    RETURN ARRAY[1, place - 1, last];
END
$$;
