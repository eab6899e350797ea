-- Which plans statements had.  Written by collect/known_plans.c alone.

CREATE TABLE dbops.plan (
    datid oid NOT NULL,
    userid oid NOT NULL,
    queryid bigint NOT NULL,
    toplevel boolean NOT NULL,
    planid bigint NOT NULL,
    definition text,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    CONSTRAINT plan_pkey PRIMARY KEY (datid, queryid, userid, toplevel, planid)
) WITH (fillfactor = 90);

COMMENT ON TABLE dbops.plan IS 'Plans that statements had, as long as the history reaches back';
COMMENT ON COLUMN dbops.plan.datid IS 'Database';
COMMENT ON COLUMN dbops.plan.userid IS 'Role that ran the statement';
COMMENT ON COLUMN dbops.plan.queryid IS 'Identifier of the normalized statement';
COMMENT ON COLUMN dbops.plan.toplevel IS 'Whether a client sent it, not a function';
COMMENT ON COLUMN dbops.plan.planid IS 'Identifier of the plan''s shape: a hash of its text';
COMMENT ON COLUMN dbops.plan.definition IS 'The plan (the first 8 kB); NULL when there was no room for it in memory';
COMMENT ON COLUMN dbops.plan.first_seen_at IS 'When the statement was first executed by it';
COMMENT ON COLUMN dbops.plan.last_seen_at IS 'When it was last seen, exact to the day';

REVOKE ALL ON dbops.plan FROM PUBLIC;
