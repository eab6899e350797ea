-- Index advice that is kept.  The first two tables are written by advise/index_ledger.c alone.

CREATE TABLE dbops.index_recommendation (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT index_recommendation_pkey PRIMARY KEY,
    datid oid NOT NULL,
    datname name NOT NULL,
    identity text NOT NULL,
    action text NOT NULL,
    ddl text NOT NULL,
    undo_ddl text NOT NULL,
    table_name text NOT NULL,
    index_size_bytes bigint,
    benefit_ms_per_day float8,
    write_cost_ms_per_day float8,
    build_seconds float8,
    improved jsonb NOT NULL,
    regressed jsonb NOT NULL,
    writers bigint[] NOT NULL,
    readers bigint[] NOT NULL DEFAULT '{}',
    drops jsonb NOT NULL DEFAULT '[]',
    confidence text NOT NULL,
    reason text NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    times_seen integer NOT NULL,
    status text NOT NULL
        CONSTRAINT index_recommendation_status CHECK (status IN ('open', 'gone', 'created', 'confirmed', 'neutral', 'regressed')),
    indexid bigint,
    index_name text,
    absent_at timestamptz,
    created_seen_at timestamptz,
    dropped_seen_at timestamptz,
    replaced_seen_at timestamptz,
    judged_at timestamptz,
    calls_before float8,
    calls_after float8,
    mean_ms_before float8,
    mean_ms_after float8,
    saved_percent float8,
    writes_percent float8,
    outcome text,
    CONSTRAINT index_recommendation_key UNIQUE (datid, identity)
);
COMMENT ON TABLE dbops.index_recommendation IS 'Every index that was ever advised, and what came of it; dbops.index_recommendations is for people';
COMMENT ON COLUMN dbops.index_recommendation.identity IS 'What the index is, without its name; or which index is to go';
COMMENT ON COLUMN dbops.index_recommendation.writers IS 'queryid of the statements that write to its table, the dearest ones';
COMMENT ON COLUMN dbops.index_recommendation.readers IS 'queryid of the statements of its table, the dearest ones, if an index is to go: they are compared, too';
COMMENT ON COLUMN dbops.index_recommendation.drops IS 'Indexes that are to go: indexid, name, and undo_ddl, which makes it again';
COMMENT ON COLUMN dbops.index_recommendation.indexid IS 'The index that was created, or the last one; or that was dropped';
COMMENT ON COLUMN dbops.index_recommendation.absent_at IS 'When it was not done for sure: what is before is compared with what is after created_seen_at';
COMMENT ON COLUMN dbops.index_recommendation.replaced_seen_at IS 'When the indexes that it replaces were seen to be gone';
COMMENT ON COLUMN dbops.index_recommendation.judged_at IS 'When times before and after were last compared';
REVOKE ALL ON dbops.index_recommendation FROM PUBLIC;
COMMENT ON SEQUENCE dbops.index_recommendation_id_seq IS 'Numbers of the rows of dbops.index_recommendation';

CREATE TABLE dbops.index_advice_run (
    datid oid CONSTRAINT index_advice_run_pkey PRIMARY KEY,
    datname name NOT NULL,
    seen_at timestamptz NOT NULL,
    tried_at timestamptz,
    advised_at timestamptz,
    took_ms bigint,
    statements integer,
    planned integer,
    coverage_percent float8,
    ms_per_day float8,
    window_days float8,
    plannings bigint,
    timed_out boolean,
    advised integer,
    failures integer NOT NULL DEFAULT 0,
    sqlstate text,
    error text
);
COMMENT ON TABLE dbops.index_advice_run IS 'How the last search for indexes went in each database; dbops.index_advice_runs is for people';
COMMENT ON COLUMN dbops.index_advice_run.seen_at IS 'When the database was first seen';
COMMENT ON COLUMN dbops.index_advice_run.tried_at IS 'When the last search began';
COMMENT ON COLUMN dbops.index_advice_run.failures IS 'Searches in a row that failed';
REVOKE ALL ON dbops.index_advice_run FROM PUBLIC;

CREATE TABLE dbops.dismissed_recommendations (
    datname name NOT NULL,
    identity text NOT NULL,
    ddl text,
    reason text,
    dismissed_by text NOT NULL DEFAULT SESSION_USER,
    dismissed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT dismissed_recommendations_pkey PRIMARY KEY (datname, identity)
);
COMMENT ON TABLE dbops.dismissed_recommendations IS
    'Index advice that an operator does not want to see as open; dbops.dismiss_recommendation() adds a row, delete it to see the advice again';
COMMENT ON COLUMN dbops.dismissed_recommendations.datname IS 'Database that the advice is for';
COMMENT ON COLUMN dbops.dismissed_recommendations.identity IS 'What the index is, without its name; or which index was to go';
COMMENT ON COLUMN dbops.dismissed_recommendations.ddl IS 'The advice, as it was';
COMMENT ON COLUMN dbops.dismissed_recommendations.reason IS 'Why it is not wanted';
COMMENT ON COLUMN dbops.dismissed_recommendations.dismissed_by IS 'Who said so';
REVOKE ALL ON dbops.dismissed_recommendations FROM PUBLIC;
GRANT SELECT ON dbops.dismissed_recommendations TO pg_monitor;
SELECT pg_catalog.pg_extension_config_dump('dbops.dismissed_recommendations', '');
