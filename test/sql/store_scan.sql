-- Rows that are gone leave entries in an index, which a reader of the history meets on its way.
-- covers: store/scan
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';

SELECT dbops._generate_history('past', 'network', '2020-01-01', '2020-01-01 02:00', '10 s', 10, 0.3) > 0
    AS generated;

-- Long values make every row use and give back the memory that the scan must not rely on.
CREATE FUNCTION pg_temp.read()
RETURNS TABLE (ticks bigint, texts bigint)
LANGUAGE sql
AS $$
    SELECT count(DISTINCT h.at), count(DISTINCT md5(repeat(h::text, 40)))
    FROM dbops.network_history AS h
    WHERE h.node = 'past' AND h.at >= '2020-01-01 00:05Z'
$$;
CREATE PROCEDURE pg_temp.forget(second int)
LANGUAGE plpgsql
AS $$
BEGIN
    FOR member IN 0 .. 7 LOOP
        EXECUTE format('DELETE FROM dbops.tick_%s WHERE at BETWEEN %L AND %L
                        AND extract(second FROM at) = %s',
                       member, '2020-01-01 00:10', '2020-01-02', second);
    END LOOP;
END
$$;

SELECT ticks, texts > ticks AS rows FROM pg_temp.read();
CALL pg_temp.forget(10);
SELECT ticks, texts > ticks AS rows FROM pg_temp.read();
CALL pg_temp.forget(30);
SELECT ticks, texts > ticks AS rows FROM pg_temp.read();
SELECT ticks, texts > ticks AS rows FROM pg_temp.read();

DO $$
DECLARE
    ring text;
BEGIN
    FOREACH ring IN ARRAY ARRAY['tick', 'chunk_1min', 'chunk_10min', 'chunk_1h'] LOOP
        FOR member IN 0 .. 7 LOOP
            EXECUTE format('DELETE FROM dbops.%I
                            WHERE node = (SELECT id FROM dbops.node WHERE name = ''past'')',
                           ring || '_' || member);
        END LOOP;
    END LOOP;
END
$$;
DELETE FROM dbops.node WHERE name = 'past';
