-- How fast WAL was replayed.  Written by collect/recovery_rates.c alone.

CREATE TABLE dbops.recovery_rate (
    node text NOT NULL,
    source text NOT NULL,
    name text NOT NULL,
    bytes bigint NOT NULL,
    seconds float8 NOT NULL,
    measured_at timestamptz NOT NULL,
    CONSTRAINT recovery_rate_pkey PRIMARY KEY (node, source, name),
    CONSTRAINT recovery_rate_source_check CHECK (source IN ('crash', 'standby')),
    CONSTRAINT recovery_rate_seconds_check CHECK (seconds > 0)
) WITH (fillfactor = 80);

COMMENT ON TABLE dbops.recovery_rate IS 'How fast WAL was replayed, the last time that could be measured';
COMMENT ON COLUMN dbops.recovery_rate.node IS 'Server that measured it';
COMMENT ON COLUMN dbops.recovery_rate.source IS 'crash: when it last started after one; standby: while that caught up';
COMMENT ON COLUMN dbops.recovery_rate.name IS 'Name of the standby';
COMMENT ON COLUMN dbops.recovery_rate.bytes IS 'WAL replayed';
COMMENT ON COLUMN dbops.recovery_rate.seconds IS 'Time it took';
COMMENT ON COLUMN dbops.recovery_rate.measured_at IS 'When that was';
REVOKE ALL ON dbops.recovery_rate FROM PUBLIC;
