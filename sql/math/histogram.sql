-- Latency histograms as a type: they merge, so a percentile over any window, statement set or
-- database is exact to the bucket.

GRANT USAGE ON SCHEMA dbops TO pg_monitor;

-- ---- the type -----------------------------------------------------------------------------------

CREATE TYPE dbops.histogram;

CREATE FUNCTION dbops._histogram_in(cstring)
RETURNS dbops.histogram
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_in';
COMMENT ON FUNCTION dbops._histogram_in(cstring) IS
    'Reads a histogram: {bucket:count, ...}';
REVOKE ALL ON FUNCTION dbops._histogram_in(cstring) FROM PUBLIC;

CREATE FUNCTION dbops._histogram_out(dbops.histogram)
RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_out';
COMMENT ON FUNCTION dbops._histogram_out(dbops.histogram) IS
    'Writes a histogram: {bucket:count, ...}';
REVOKE ALL ON FUNCTION dbops._histogram_out(dbops.histogram) FROM PUBLIC;

CREATE FUNCTION dbops._histogram_recv(internal)
RETURNS dbops.histogram
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_recv';
COMMENT ON FUNCTION dbops._histogram_recv(internal) IS
    'Receives a histogram in binary';
REVOKE ALL ON FUNCTION dbops._histogram_recv(internal) FROM PUBLIC;

CREATE FUNCTION dbops._histogram_send(dbops.histogram)
RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_send';
COMMENT ON FUNCTION dbops._histogram_send(dbops.histogram) IS
    'Sends a histogram in binary';
REVOKE ALL ON FUNCTION dbops._histogram_send(dbops.histogram) FROM PUBLIC;

CREATE TYPE dbops.histogram (
    INPUT = dbops._histogram_in,
    OUTPUT = dbops._histogram_out,
    RECEIVE = dbops._histogram_recv,
    SEND = dbops._histogram_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = extended
);
COMMENT ON TYPE dbops.histogram IS
    'Durations counted in buckets of a factor of 2^(1/16), from a microsecond to an hour, written '
    '{bucket:count, ...}; bucket b ends at 2^(-20 + (b + 1)/16) seconds';
REVOKE ALL ON TYPE dbops.histogram FROM PUBLIC;
GRANT USAGE ON TYPE dbops.histogram TO pg_monitor;

-- ---- comparison ---------------------------------------------------------------------------------

CREATE FUNCTION dbops._histogram_eq(dbops.histogram, dbops.histogram)
RETURNS bool
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_eq';
COMMENT ON FUNCTION dbops._histogram_eq(dbops.histogram, dbops.histogram) IS
    'Whether two histograms hold the same counts';
REVOKE ALL ON FUNCTION dbops._histogram_eq(dbops.histogram, dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._histogram_eq(dbops.histogram, dbops.histogram) TO pg_monitor;

CREATE FUNCTION dbops._histogram_ne(dbops.histogram, dbops.histogram)
RETURNS bool
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_ne';
COMMENT ON FUNCTION dbops._histogram_ne(dbops.histogram, dbops.histogram) IS
    'Whether two histograms hold different counts';
REVOKE ALL ON FUNCTION dbops._histogram_ne(dbops.histogram, dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._histogram_ne(dbops.histogram, dbops.histogram) TO pg_monitor;

CREATE FUNCTION dbops._histogram_hash(dbops.histogram)
RETURNS int4
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_hash';
COMMENT ON FUNCTION dbops._histogram_hash(dbops.histogram) IS
    'Hash of a histogram';
REVOKE ALL ON FUNCTION dbops._histogram_hash(dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._histogram_hash(dbops.histogram) TO pg_monitor;

CREATE OPERATOR dbops.= (
    FUNCTION = dbops._histogram_eq,
    LEFTARG = dbops.histogram,
    RIGHTARG = dbops.histogram,
    COMMUTATOR = OPERATOR(dbops.=),
    NEGATOR = OPERATOR(dbops.<>),
    RESTRICT = eqsel,
    JOIN = eqjoinsel,
    HASHES
);
COMMENT ON OPERATOR dbops.= (dbops.histogram, dbops.histogram) IS
    'same counts';

CREATE OPERATOR dbops.<> (
    FUNCTION = dbops._histogram_ne,
    LEFTARG = dbops.histogram,
    RIGHTARG = dbops.histogram,
    COMMUTATOR = OPERATOR(dbops.<>),
    NEGATOR = OPERATOR(dbops.=),
    RESTRICT = neqsel,
    JOIN = neqjoinsel
);
COMMENT ON OPERATOR dbops.<> (dbops.histogram, dbops.histogram) IS
    'different counts';

CREATE OPERATOR CLASS dbops.histogram_ops
DEFAULT FOR TYPE dbops.histogram USING hash AS
    OPERATOR 1 dbops.=,
    FUNCTION 1 dbops._histogram_hash(dbops.histogram);
COMMENT ON OPERATOR CLASS dbops.histogram_ops USING hash IS
    'Lets histograms be grouped and made distinct';
COMMENT ON OPERATOR FAMILY dbops.histogram_ops USING hash IS
    'Lets histograms be grouped and made distinct';

-- ---- merging ------------------------------------------------------------------------------------

CREATE FUNCTION dbops._histogram_plus(dbops.histogram, dbops.histogram)
RETURNS dbops.histogram
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_plus';
COMMENT ON FUNCTION dbops._histogram_plus(dbops.histogram, dbops.histogram) IS
    'The counts of two histograms together';
REVOKE ALL ON FUNCTION dbops._histogram_plus(dbops.histogram, dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._histogram_plus(dbops.histogram, dbops.histogram) TO pg_monitor;

CREATE OPERATOR dbops.+ (
    FUNCTION = dbops._histogram_plus,
    LEFTARG = dbops.histogram,
    RIGHTARG = dbops.histogram,
    COMMUTATOR = OPERATOR(dbops.+)
);
COMMENT ON OPERATOR dbops.+ (dbops.histogram, dbops.histogram) IS
    'both together';

CREATE FUNCTION dbops._histogram_merge_step(internal, dbops.histogram)
RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_merge_step';
COMMENT ON FUNCTION dbops._histogram_merge_step(internal, dbops.histogram) IS
    'A step of dbops.merge()';
REVOKE ALL ON FUNCTION dbops._histogram_merge_step(internal, dbops.histogram) FROM PUBLIC;

CREATE FUNCTION dbops._histogram_merge_combine(internal, internal)
RETURNS internal
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_merge_combine';
COMMENT ON FUNCTION dbops._histogram_merge_combine(internal, internal) IS
    'Joins two partial results of dbops.merge()';
REVOKE ALL ON FUNCTION dbops._histogram_merge_combine(internal, internal) FROM PUBLIC;

CREATE FUNCTION dbops._histogram_merge_serialize(internal)
RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_merge_serialize';
COMMENT ON FUNCTION dbops._histogram_merge_serialize(internal) IS
    'Packs a partial result of dbops.merge()';
REVOKE ALL ON FUNCTION dbops._histogram_merge_serialize(internal) FROM PUBLIC;

CREATE FUNCTION dbops._histogram_merge_deserialize(bytea, internal)
RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_merge_deserialize';
COMMENT ON FUNCTION dbops._histogram_merge_deserialize(bytea, internal) IS
    'Unpacks a partial result of dbops.merge()';
REVOKE ALL ON FUNCTION dbops._histogram_merge_deserialize(bytea, internal) FROM PUBLIC;

CREATE FUNCTION dbops._histogram_merge_final(internal)
RETURNS dbops.histogram
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_histogram_merge_final';
COMMENT ON FUNCTION dbops._histogram_merge_final(internal) IS
    'The result of dbops.merge()';
REVOKE ALL ON FUNCTION dbops._histogram_merge_final(internal) FROM PUBLIC;

CREATE AGGREGATE dbops.merge(histogram dbops.histogram) (
    SFUNC = dbops._histogram_merge_step,
    STYPE = internal,
    SSPACE = 4096,
    FINALFUNC = dbops._histogram_merge_final,
    COMBINEFUNC = dbops._histogram_merge_combine,
    SERIALFUNC = dbops._histogram_merge_serialize,
    DESERIALFUNC = dbops._histogram_merge_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE dbops.merge(dbops.histogram) IS
    'All histograms together; NULL if there is none';
REVOKE ALL ON FUNCTION dbops.merge(dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.merge(dbops.histogram) TO pg_monitor;

-- ---- questions ----------------------------------------------------------------------------------

CREATE FUNCTION dbops.quantile(histogram dbops.histogram, q float8)
RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_quantile';
COMMENT ON FUNCTION dbops.quantile(dbops.histogram, float8) IS
    'Duration in ms that a share q (0 to 1) of the values does not exceed, at most 2.2 % off; '
    'NULL if there is no value';
REVOKE ALL ON FUNCTION dbops.quantile(dbops.histogram, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.quantile(dbops.histogram, float8) TO pg_monitor;

CREATE FUNCTION dbops.quantiles(histogram dbops.histogram, q float8[])
RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_quantiles';
COMMENT ON FUNCTION dbops.quantiles(dbops.histogram, float8[]) IS
    'Durations in ms, as dbops.quantile() for each element';
REVOKE ALL ON FUNCTION dbops.quantiles(dbops.histogram, float8[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.quantiles(dbops.histogram, float8[]) TO pg_monitor;

CREATE FUNCTION dbops.count(histogram dbops.histogram)
RETURNS int8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_count';
COMMENT ON FUNCTION dbops.count(dbops.histogram) IS
    'Number of values';
REVOKE ALL ON FUNCTION dbops.count(dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.count(dbops.histogram) TO pg_monitor;

CREATE FUNCTION dbops.mean(histogram dbops.histogram)
RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_mean';
COMMENT ON FUNCTION dbops.mean(dbops.histogram) IS
    'Mean in ms, from the middle of each bucket; NULL if there is no value';
REVOKE ALL ON FUNCTION dbops.mean(dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.mean(dbops.histogram) TO pg_monitor;

CREATE FUNCTION dbops.stddev(histogram dbops.histogram)
RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dbops_stddev';
COMMENT ON FUNCTION dbops.stddev(dbops.histogram) IS
    'Standard deviation in ms, from the middle of each bucket; NULL if there is no value';
REVOKE ALL ON FUNCTION dbops.stddev(dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.stddev(dbops.histogram) TO pg_monitor;

CREATE FUNCTION dbops.buckets(
    histogram dbops.histogram,
    OUT upper_ms float8,
    OUT count int8
)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
ROWS 50
AS 'MODULE_PATHNAME', 'dbops_buckets';
COMMENT ON FUNCTION dbops.buckets(dbops.histogram) IS
    'The buckets that have values: the longest duration each holds, and how many values lie in it';
REVOKE ALL ON FUNCTION dbops.buckets(dbops.histogram) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.buckets(dbops.histogram) TO pg_monitor;
