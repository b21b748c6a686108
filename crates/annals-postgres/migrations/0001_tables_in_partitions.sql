-- The events in partitions, for very large stores. This runs behind `0001_tables.sql`, before
-- there is any event, when a store is begun with partitions. The columns are those of there.
--
-- A stream is in one partition, by the hash of its name: so a stream is read in one place, and
-- that no two of its events have the same version is kept by PostgreSQL as in one table. That no
-- two events have the same position it keeps only inside a partition; between them the functions
-- `append` and `restore` do, which give positions one at a time.

ALTER TABLE events RENAME TO events_in_one;
CREATE TABLE events (LIKE events_in_one INCLUDING ALL EXCLUDING INDEXES)
    PARTITION BY HASH (stream_id);
DROP TABLE events_in_one;

ALTER TABLE events ADD UNIQUE (stream_id, version);
CREATE INDEX events_event_id ON events (event_id);
CREATE INDEX events_event_type ON events (event_type, global_position);
CREATE INDEX events_stream_type ON events (stream_type, global_position)
    WHERE stream_type IS NOT NULL;
CREATE INDEX events_correlation_id ON events (correlation_id, global_position)
    WHERE correlation_id IS NOT NULL;

-- The partitions: `events_000`, `events_001` and so on.
DO $$
DECLARE
    -- Set by the program, for the transaction of the migration.
    partitions integer := current_setting('annals.partitions')::integer;
BEGIN
    FOR number IN 0 .. partitions - 1 LOOP
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF events (PRIMARY KEY (global_position))
                FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
            'events_' || lpad(number::text, 3, '0'), partitions, number);
    END LOOP;
END
$$;
