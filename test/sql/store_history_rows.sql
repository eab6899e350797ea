-- Rows of the history: what was passed on to the reader yields what filtering would.
-- covers: store/fdw_request store/fdw_row store/fdw_scan
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- between two samples: what was sampled before the extension was there is only in memory
SELECT clock_timestamp() AS since FROM dbops.take_sample() \gset
SELECT dbops.take_sample() IS NOT NULL AS between, dbops.take_sample() IS NOT NULL AS middle;
SELECT clock_timestamp() AS until FROM dbops.take_sample() \gset
SELECT oid AS datid FROM pg_database WHERE datname = current_database() \gset

-- a copy, to compare with what is asked of the reader
CREATE TEMP TABLE kept AS
SELECT * FROM dbops.database_history WHERE at BETWEEN :'since' AND :'until';
SELECT count(*) > 0 AS rows, count(DISTINCT at) > 1 AS times, count(DISTINCT datid) > 1 AS databases,
       count(DISTINCT node) AS nodes
FROM kept;

SELECT max(at) AS middle FROM kept WHERE at < (SELECT max(at) FROM kept) \gset
SELECT count(*) FILTER (WHERE at < :'middle') > 0 AS before,
       count(*) FILTER (WHERE at > :'middle') > 0 AS after
FROM kept;

-- every bound of time takes in what it says, to the microsecond
SELECT (SELECT count(*) FROM dbops.database_history WHERE at < :'middle' AND at >= :'since')
           = (SELECT count(*) FROM kept WHERE at < :'middle') AS before,
       (SELECT count(*) FROM dbops.database_history WHERE at <= :'middle' AND at >= :'since')
           = (SELECT count(*) FROM kept WHERE at <= :'middle') AS up_to,
       (SELECT count(*) FROM dbops.database_history WHERE at = :'middle')
           = (SELECT count(*) FROM kept WHERE at = :'middle') AS exactly,
       (SELECT count(*) FROM dbops.database_history WHERE at >= :'middle' AND at <= :'until')
           = (SELECT count(*) FROM kept WHERE at >= :'middle') AS since,
       (SELECT count(*) FROM dbops.database_history WHERE at > :'middle' AND at <= :'until')
           = (SELECT count(*) FROM kept WHERE at > :'middle') AS after;
SELECT count(*) > 0 AS today FROM dbops.database_history WHERE at >= current_date - 1;

-- labels and node
SELECT (SELECT count(*) FROM dbops.database_history WHERE datid = :datid AND at BETWEEN :'since' AND :'until')
           = (SELECT count(*) FROM kept WHERE datid = :datid) AS one,
       (SELECT count(*) FROM dbops.database_history WHERE datid IN (:datid, 0, :datid) AND at BETWEEN :'since' AND :'until')
           = (SELECT count(*) FROM kept WHERE datid IN (:datid, 0)) AS two,
       (SELECT count(*) FROM dbops.database_history WHERE datid IN (:datid, 1) AND datid = ANY ('{0}'))
           = 0 AS neither,
       (SELECT count(*) FROM dbops.database_history
        WHERE node = (SELECT max(node) FROM kept) AND at BETWEEN :'since' AND :'until')
           = (SELECT count(*) FROM kept) AS here,
       (SELECT count(*) FROM dbops.database_history WHERE node = 'elsewhere') = 0 AS elsewhere;

-- a row per outer row, with its own bounds
SELECT count(*) AS differences
FROM (SELECT k.at, k.datid, count(*) AS n FROM kept k JOIN kept h ON h.datid = k.datid AND h.at < k.at
      GROUP BY k.at, k.datid) AS filtered
FULL JOIN (SELECT k.at, k.datid, count(*) AS n
           FROM kept k, LATERAL (SELECT 1 FROM dbops.database_history h
                                 WHERE h.datid = k.datid AND h.at < k.at AND h.at >= :'since' OFFSET 0) AS h
           GROUP BY k.at, k.datid) AS asked USING (at, datid, n)
WHERE filtered.n IS NULL OR asked.n IS NULL;

-- names, rates and the columns of the row
SELECT count(*) AS wrong_names FROM kept LEFT JOIN pg_database d ON d.oid = datid
WHERE kept.datname IS DISTINCT FROM d.datname;
SELECT count(*) AS wrong_rates FROM kept
WHERE abs(xact_commit_per_second * extract(epoch FROM covers) - xact_commit) > 0.001
   OR xact_commit < 0 OR xact_commit_per_second < 0;
SELECT count(*) AS wrong_ratios FROM kept
WHERE NOT hit_percent BETWEEN 0 AND 100
   OR (hit_percent IS NULL) <> (blks_hit + blks_read = 0);

-- only what is asked for is read, and is the same
SELECT count(*) AS differences FROM
    (SELECT at, datid, blks_hit FROM kept EXCEPT
     SELECT at, datid, blks_hit FROM dbops.database_history
     WHERE at BETWEEN :'since' AND :'until') AS d;

-- steps: the sums stay, the times are aligned, the step is echoed; a span belongs to the step of its middle
SELECT count(*) AS differences FROM
    (SELECT datid, sum(xact_commit) AS commits, sum(covers) AS covers FROM kept
     WHERE at - covers / 2 >= :'since' GROUP BY datid EXCEPT
     SELECT datid, sum(xact_commit), sum(covers) FROM dbops.database_history('1 us')
     WHERE at >= :'since' AND at + covers / 2 <= :'until' GROUP BY datid) AS d;
SELECT count(*) > 0 AS rows, bool_and(step = '1 day') AS echoed,
       bool_and(date_trunc('day', at AT TIME ZONE 'UTC') = at AT TIME ZONE 'UTC') AS aligned
FROM dbops.database_history('1 day');
SELECT count(*) > 0 AS rows FROM dbops.database_history WHERE step = '90 s';
