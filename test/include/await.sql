\set ECHO none
-- Included by SQL tests, which pg_regress runs in the folder that has test/: \i test/include/await.sql
--
-- Waits until the condition holds, for 90 seconds at most; each look asks for a sample, and ends the
-- transaction, so that what this session did is counted.
CREATE PROCEDURE pg_temp.await(condition text)
LANGUAGE plpgsql AS $$
DECLARE
    done boolean := false;
    give_up timestamptz := clock_timestamp() + interval '90 seconds';
BEGIN
    LOOP
        PERFORM dbops.take_sample();
        EXECUTE 'SELECT ' || condition INTO done;
        COMMIT;
        EXIT WHEN done;
        IF clock_timestamp() > give_up THEN
            RAISE EXCEPTION 'in vain: %', condition;
        END IF;
    END LOOP;
END
$$;
\set ECHO all
