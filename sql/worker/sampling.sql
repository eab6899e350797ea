-- Asking for a sample.

CREATE FUNCTION dbops.take_sample() RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'dbops_take_sample'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops.take_sample() IS
    'Samples all families now, those of the inspector as last known, and returns when it is stored: the time it was taken. On a standby it returns when the sample is in memory. Waits at most 60 seconds.';

REVOKE ALL ON FUNCTION dbops.take_sample() FROM PUBLIC;
