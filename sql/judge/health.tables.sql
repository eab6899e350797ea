-- Limits that an operator has changed; all others are built in.

CREATE FUNCTION dbops._check_threshold() RETURNS trigger
    AS 'MODULE_PATHNAME', 'dbops_thresholds_trigger'
    LANGUAGE C;
COMMENT ON FUNCTION dbops._check_threshold() IS 'Refuses rows of dbops.thresholds that name no check, or limits that make no sense';
REVOKE ALL ON FUNCTION dbops._check_threshold() FROM PUBLIC;

CREATE TABLE dbops.thresholds (
    check_name text NOT NULL,
    datname name,
    object text,
    warning float8,
    critical float8,
    for_seconds integer CONSTRAINT thresholds_for_seconds CHECK (for_seconds BETWEEN 0 AND 86400),
    enabled boolean NOT NULL DEFAULT true,
    note text,
    CONSTRAINT thresholds_key UNIQUE NULLS NOT DISTINCT (check_name, datname, object)
);
CREATE TRIGGER check_threshold BEFORE INSERT OR UPDATE ON dbops.thresholds
    FOR EACH ROW EXECUTE FUNCTION dbops._check_threshold();
COMMENT ON TABLE dbops.thresholds IS
    'Limits of checks that differ from the built-in ones in dbops.checks: for all, for a database, for an object; the closest row wins';
COMMENT ON COLUMN dbops.thresholds.check_name IS 'A check of dbops.checks';
COMMENT ON COLUMN dbops.thresholds.datname IS 'Only in this database; NULL: in all';
COMMENT ON COLUMN dbops.thresholds.object IS 'Only for this object, as dbops.health names it; NULL: for all';
COMMENT ON COLUMN dbops.thresholds.warning IS 'From this value on the verdict is warning, in the check''s unit; NULL: as it is without this row; Infinity (or -Infinity, for those where less is worse): never';
COMMENT ON COLUMN dbops.thresholds.critical IS 'The same for critical';
COMMENT ON COLUMN dbops.thresholds.for_seconds IS 'How long a value must be beyond a limit before it counts, 0 to 86400; NULL: as it is without this row';
COMMENT ON COLUMN dbops.thresholds.enabled IS 'False: no verdict at all';
COMMENT ON COLUMN dbops.thresholds.note IS 'Why it differs';
REVOKE ALL ON dbops.thresholds FROM PUBLIC;
GRANT SELECT ON dbops.thresholds TO pg_monitor;
SELECT pg_catalog.pg_extension_config_dump('dbops.thresholds', '');
