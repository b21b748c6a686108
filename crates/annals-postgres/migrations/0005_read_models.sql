-- What is known of read models that are kept in the database of the store.

-- A read model: a version of a projection, and which building of it.
CREATE TABLE read_models (
    projection text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    generation bigint NOT NULL,
    -- The store that it is made from.
    event_store text,
    partitions bigint NOT NULL,
    fingerprint bigint NOT NULL,
    -- Whether it has been caught up at least once, and whether it is the one that queries see.
    is_built boolean NOT NULL,
    is_live boolean NOT NULL,
    -- Its tables, as queries name them.
    tables text[] COLLATE "C" NOT NULL,
    PRIMARY KEY (projection, version, generation)
);

CREATE UNIQUE INDEX read_models_live ON read_models (projection) WHERE is_live;

-- How far each partition of a read model has come; written in the transaction that writes the model.
CREATE TABLE read_checkpoints (
    projection text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    generation bigint NOT NULL,
    partition bigint NOT NULL,
    position bigint,
    -- The last event applied, to recognise another history.
    last_event text,
    last_position bigint,
    is_caught_up boolean NOT NULL DEFAULT false,
    -- The highest fence of those who wrote here.
    fence bigint NOT NULL DEFAULT 0,
    -- Why it does not go on, if it does not.
    paused text,
    PRIMARY KEY (projection, version, generation, partition)
) WITH (fillfactor = 50);

-- Events that could not be applied, and those of the same key that wait behind them.
CREATE TABLE read_dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    projection text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    generation bigint NOT NULL,
    partition bigint NOT NULL,
    position bigint NOT NULL,
    part bigint,
    event_id text NOT NULL,
    key text COLLATE "C",
    reason text NOT NULL,
    attempts bigint NOT NULL,
    recorded_us bigint NOT NULL
);

CREATE INDEX read_dead_letters_key
    ON read_dead_letters (projection, version, generation, key, position, part);
