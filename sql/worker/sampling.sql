-- Asking for a sample.

CREATE FUNCTION dbops.take_sample() RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'dbops_take_sample'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops.take_sample() IS
    'Samples all families now, those of the inspector as last known, and returns when it is stored. The result is the time of the call: what the sample brought has an "at" not before it. On a standby it returns when the sample is in memory. Waits at most 60 seconds.';

REVOKE ALL ON FUNCTION dbops.take_sample() FROM PUBLIC;
