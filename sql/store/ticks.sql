-- For tests and benchmarks: a past of the store's own making, its upkeep on demand, its rows.

CREATE FUNCTION dbops._generate_history(
    node text,
    family text,
    from_at timestamptz,
    to_at timestamptz,
    step interval,
    entities int4,
    changed float8
)
RETURNS int8
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dbops__generate_history';
COMMENT ON FUNCTION
    dbops._generate_history(text, text, timestamptz, timestamptz, interval, int4, float8) IS
    'Writes invented ticks in each of which a share of the entities changed; returns their bytes';
REVOKE ALL ON FUNCTION
    dbops._generate_history(text, text, timestamptz, timestamptz, interval, int4, float8)
    FROM PUBLIC;

CREATE FUNCTION dbops._roll_up()
RETURNS int4
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dbops__roll_up';
COMMENT ON FUNCTION dbops._roll_up() IS
    'Packs history that is ready for it, a bounded amount; returns the number of chunks written';
REVOKE ALL ON FUNCTION dbops._roll_up() FROM PUBLIC;

CREATE FUNCTION dbops._retain()
RETURNS void
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dbops__retain';
COMMENT ON FUNCTION dbops._retain() IS
    'Retires history that is older than its retention, or that takes more disk than dbops.max_size';
REVOKE ALL ON FUNCTION dbops._retain() FROM PUBLIC;

CREATE FUNCTION dbops._read_history(
    node text,
    family text,
    from_at timestamptz,
    to_at timestamptz,
    step interval,
    only_identity int8,
    OUT at timestamptz,
    OUT covers_us int8,
    OUT step_us int8,
    OUT flags int4,
    OUT identity int8,
    OUT label text,
    OUT numbers int8[]
)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'dbops__read_history';
COMMENT ON FUNCTION
    dbops._read_history(text, text, timestamptz, timestamptz, interval, int8) IS
    'Rows of the history as stored: metrics in order of the registry, of histograms the count';
REVOKE ALL ON FUNCTION dbops._read_history(text, text, timestamptz, timestamptz, interval, int8)
    FROM PUBLIC;
