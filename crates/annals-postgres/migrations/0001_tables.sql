-- The tables of a store.
--
-- Every statement of a migration runs with `search_path` set to the schema of the store, in one
-- transaction, under an advisory lock.

-- One row: where the store's order stands. An append locks it first, so that positions follow one
-- another without a gap and become visible in their order.
CREATE TABLE store (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    store_id uuid NOT NULL DEFAULT gen_random_uuid(),
    -- The position of the newest event, -1 in an empty store.
    head bigint NOT NULL DEFAULT -1,
    -- Streams ever begun.
    streams bigint NOT NULL DEFAULT 0,
    -- The revision of the newest write of keyed state.
    revision bigint NOT NULL DEFAULT 0,
    -- When the newest thing was written; it never goes back.
    recorded_at timestamptz NOT NULL DEFAULT '1970-01-01 00:00:00+00'
) WITH (fillfactor = 10);

INSERT INTO store DEFAULT VALUES;

-- The events. Text is compared byte by byte.
CREATE TABLE events (
    -- The place in the order of the whole store, from 0 without gaps.
    global_position bigint NOT NULL PRIMARY KEY,
    event_id uuid NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    -- The category: the part of the stream's name before its first `-`.
    stream_type text COLLATE "C",
    -- The number in the stream, from 0; 2^63-1 for the event that closes a stream for good.
    version bigint NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    schema_version bigint NOT NULL,
    -- NULL stands for application/json.
    content_type text,
    -- The payload: as text that PostgreSQL can read as JSON, else as bytes. One of them is NULL.
    event_data json,
    event_bytes bytea,
    -- The same for the metadata; both are NULL when there is none.
    metadata json,
    metadata_bytes bytea,
    correlation_id text COLLATE "C",
    -- NULL when there are none.
    tags text[] COLLATE "C",
    -- When it happened by the writer's word, in microseconds since 1970; NULL: when it was recorded.
    occurred_us bigint,
    -- When the store took it; never decreasing along positions.
    created_at timestamptz NOT NULL,
    UNIQUE (stream_id, version)
);

-- A retry that names no exact version is recognised by its ids.
CREATE INDEX events_event_id ON events (event_id);
CREATE INDEX events_event_type ON events (event_type, global_position);
CREATE INDEX events_stream_type ON events (stream_type, global_position)
    WHERE stream_type IS NOT NULL;
CREATE INDEX events_correlation_id ON events (correlation_id, global_position)
    WHERE correlation_id IS NOT NULL;

-- The tags of the events, one row for each.
CREATE TABLE event_tags (
    tag text COLLATE "C" NOT NULL,
    global_position bigint NOT NULL,
    PRIMARY KEY (tag, global_position)
);

-- What decides about appends to a stream and reads of it.
CREATE TABLE streams (
    stream_id text COLLATE "C" NOT NULL PRIMARY KEY,
    stream_type text COLLATE "C",
    -- The version of its newest event, NULL when it was never written.
    last_version bigint,
    -- The position of its first event.
    first_position bigint,
    -- The settings: the newest event of `$$stream`, and what in them decides about reads.
    metadata json,
    metadata_version bigint,
    truncate_before bigint,
    max_count bigint,
    max_age_seconds bigint,
    is_deleted boolean NOT NULL DEFAULT false,
    is_tombstoned boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);

CREATE INDEX streams_first_position ON streams (first_position) WHERE first_position IS NOT NULL;

-- Keyed state, a table for each kind. A revision grows with every write to any of them.
CREATE TABLE state (
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- Of a checkpoint: the position, 8 bytes, big endian.
    value bytea NOT NULL,
    revision bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (kind, name)
) PARTITION BY LIST (kind);

CREATE TABLE snapshots PARTITION OF state FOR VALUES IN ('snapshot');
CREATE TABLE subscription_checkpoints PARTITION OF state FOR VALUES IN ('checkpoint');
CREATE TABLE leases PARTITION OF state FOR VALUES IN ('lease');
