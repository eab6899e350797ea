-- Every function of dbops, internal ones too, called with what nobody would give it.
--
-- Errors are welcome, a crash is not, and neither is an error that the code did not expect (XX000).
-- One argument at a time is odd, the others are of each sort in turn.  The functions are called
-- as a superuser, who may call them all.

SET statement_timeout = '10 s';
SET lock_timeout = '1 s';

CREATE TEMP TABLE odd (type oid, value text);
INSERT INTO odd
SELECT t.oid, v.value
FROM (VALUES
    ('bool', ARRAY['t', 'f']),
    ('int2', ARRAY['0', '1', '-1', '32767', '-32768']),
    ('int4', ARRAY['0', '1', '-1', '2147483647', '-2147483648']),
    ('int8', ARRAY['0', '1', '-1', '9223372036854775807', '-9223372036854775808']),
    ('oid', ARRAY['0', '1', '1259', '4294967295']),
    ('regclass', ARRAY['0', 'pg_class', '4294967295']),
    ('float4', ARRAY['0', '-1', 'NaN', 'Infinity', '-Infinity', '1e-37', '1e38']),
    ('float8', ARRAY['0', '0.5', '-1', 'NaN', 'Infinity', '-Infinity', '1e-307', '1e308']),
    ('numeric', ARRAY['0', '-1', 'NaN', 'Infinity', '1e1000']),
    ('text', ARRAY['', 'x', 'table', 'statement', 'history', 'dbops', '%s%n', E'\u00e9\u4e2d''"',
                   repeat('y', 100000)]),
    ('name', ARRAY['', 'x', 'postgres', repeat('n', 63)]),
    ('char', ARRAY['', 'r', E'\u007f']),
    ('bytea', ARRAY['', '\x00', '\x01', '\xffffffffffffffffffffffffffffffff',
                    '\x01ffffffff0f', '\x0180808080808080808001']),
    ('timestamptz', ARRAY['now', 'epoch', '-infinity', 'infinity', '4714-11-24 00:00+00 BC',
                          '294276-12-31 23:59:59+00']),
    ('interval', ARRAY['0', '1 us', '1 min', '-1 h', '1 mon', '1000000 years',
                       '2562047788 hours']),
    ('pg_lsn', ARRAY['0/0', '0/1', 'FFFFFFFF/FFFFFFFF']),
    ('inet', ARRAY['0.0.0.0/0', '::1']),
    ('json', ARRAY['{}', '[]', 'null', '{"a":[1,"b",null]}']),
    ('jsonb', ARRAY['{}', '[]', 'null', '{"a":[1,"b",null]}']),
    ('cstring', ARRAY['', '{', '{0:1}', '{0:1,0:1}', '{512:1}', '{1:99999999999999999999}']),
    ('_float8', ARRAY['{}', '{NULL}', '{0,1,NaN}', '{{0.5},{2}}']),
    ('_text', ARRAY['{}', '{NULL}', '{a,NULL,""}', '{{a},{b}}']),
    ('_oid', ARRAY['{}', '{NULL,0}']),
    ('_int8', ARRAY['{}', '{NULL,-1}']),
    ('_int4', ARRAY['{}', '{NULL,-1}'])
) AS k (type, texts)
    JOIN pg_type AS t ON t.typname = k.type AND t.typnamespace = 'pg_catalog'::regnamespace
    CROSS JOIN LATERAL unnest(k.texts) AS v (value);
INSERT INTO odd
SELECT 'dbops.histogram'::regtype, v.value
FROM (VALUES ('{}'), ('{0:1}'), ('{511:9223372036854775807}'), ('{1:2, 100:7}')) AS v (value);
INSERT INTO odd SELECT DISTINCT type, NULL FROM odd;

CREATE FUNCTION pg_temp.call(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    context text;
BEGIN
    EXECUTE 'SELECT count(*) FROM (SELECT ' || call || ') AS called';
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    IF SQLSTATE IN ('XX000', '57014') THEN
        RAISE WARNING 'dbops: % gives %: %', left(call, 200), SQLSTATE, SQLERRM;
    END IF;
    RETURN SQLSTATE;
END
$$;

-- What a call of the function with a text in the place of each argument reads.
CREATE FUNCTION pg_temp.compose(f oid, texts text[]) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s(%s)', f::regproc,
                  string_agg(format('%L::%s', texts[a.position], a.type::regtype), ', '
                             ORDER BY a.position))
    FROM pg_proc AS p
        CROSS JOIN LATERAL unnest(p.proargtypes) WITH ORDINALITY AS a (type, position)
    WHERE p.oid = f
$$;

-- The n-th of a type's odd values.
CREATE FUNCTION pg_temp.pick(type oid, n bigint) RETURNS text LANGUAGE sql AS $$
    SELECT value FROM (
        SELECT value, row_number() OVER (ORDER BY value) - 1 AS position, count(*) OVER () AS all
        FROM odd WHERE odd.type = pick.type
    ) AS o
    WHERE o.position = pick.n % o.all
$$;

CREATE TEMP TABLE storm AS
SELECT p.oid AS f, v.value, a.position,
       row_number() OVER (PARTITION BY p.oid) AS turn
FROM pg_proc AS p
    CROSS JOIN LATERAL unnest(p.proargtypes) WITH ORDINALITY AS a (type, position)
    JOIN odd AS v ON v.type = a.type
WHERE p.pronamespace = 'dbops'::regnamespace
  AND p.prokind = 'f'
  AND p.proname <> '_generate_history' -- makes as much as it is asked for
  AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS t (type)
                  WHERE t.type NOT IN (SELECT odd.type FROM odd));

CREATE TEMP TABLE outcome (f oid, sqlstate text);

-- Each call is a statement of its own, under the time limit.
\set QUIET 1
\o /dev/null
SELECT format('INSERT INTO outcome SELECT %s, pg_temp.call(%L)', s.f, pg_temp.compose(s.f, (
    SELECT array_agg(CASE WHEN a.position = s.position THEN s.value
                          ELSE pg_temp.pick(a.type, s.turn * 7 + a.position) END
                     ORDER BY a.position)
    FROM pg_proc AS p
        CROSS JOIN LATERAL unnest(p.proargtypes) WITH ORDINALITY AS a (type, position)
    WHERE p.oid = s.f)))
FROM storm AS s
ORDER BY s.f, s.turn
\gexec
\o

SELECT o.sqlstate, count(*) AS calls, count(DISTINCT o.f) AS functions
FROM outcome AS o
GROUP BY o.sqlstate
ORDER BY o.sqlstate;

SELECT p.oid::regprocedure AS never_called
FROM pg_proc AS p
WHERE p.pronamespace = 'dbops'::regnamespace AND p.prokind = 'f' AND p.pronargs > 0
  AND p.oid NOT IN (SELECT f FROM storm)
ORDER BY 1;
