-- Who replicates, how far behind each is, where the time is lost and why.

CREATE FUNCTION dbops._replication(
    OUT kind text,
    OUT name text,
    OUT application_name text,
    OUT client_addr text,
    OUT slot_name text,
    OUT state text,
    OUT sync_state text,
    OUT sync_priority bigint,
    OUT sync_satisfied boolean,
    OUT sync_required integer,
    OUT sync_candidates integer,
    OUT sync_waiters integer,
    OUT sync_waiting_seconds float8,
    OUT sent_lsn pg_lsn,
    OUT write_lsn pg_lsn,
    OUT flush_lsn pg_lsn,
    OUT replay_lsn pg_lsn,
    OUT sent_lag_bytes bigint,
    OUT write_lag_bytes bigint,
    OUT flush_lag_bytes bigint,
    OUT replay_lag_bytes bigint,
    OUT sent_lag_seconds float8,
    OUT write_lag_seconds float8,
    OUT flush_lag_seconds float8,
    OUT replay_lag_seconds float8,
    OUT certain boolean,
    OUT lost_in text,
    OUT cause text,
    OUT rank integer,
    OUT conflict_pid integer,
    OUT timeline integer,
    OUT diverged boolean,
    OUT wal_status text,
    OUT wal_kept_bytes bigint,
    OUT wal_kept_seconds float8,
    OUT safe_wal_size bigint,
    OUT wal_left_seconds float8,
    OUT loss_bytes bigint,
    OUT loss_seconds float8,
    OUT loss_commits bigint,
    OUT clock_ahead_seconds float8,
    OUT write_lag interval,
    OUT flush_lag interval,
    OUT replay_lag interval,
    OUT reply_time timestamptz,
    OUT silent_seconds float8,
    OUT pid integer,
    OUT backend_start timestamptz)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__replication'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops._replication() IS
    'Everybody who takes part in replication, with a verdict on each; see the view dbops.replication';
REVOKE ALL ON FUNCTION dbops._replication() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._replication() TO pg_monitor;

CREATE FUNCTION dbops.replication_lag(standby text DEFAULT NULL) RETURNS float8
    AS 'MODULE_PATHNAME', 'dbops_replication_lag'
    LANGUAGE C VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops.replication_lag(text) IS
    'Seconds for which there has been WAL that it does not have: on a standby its own, on a primary that of the standby furthest behind, or of the standby, slot, consumer or subscription of that name; NULL where nothing is known. On a standby that hears nothing the time since it was last known to be up to date: dbops.replication.certain is false then';
REVOKE ALL ON FUNCTION dbops.replication_lag(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.replication_lag(text) TO pg_monitor;

-- The next step for each cause; what has none mends itself.
CREATE FUNCTION dbops._replication_advice(kind text, state text, cause text, slot_name text, name text, stop_sql text)
    RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT CASE
            WHEN state = 'missing'
            THEN pg_catalog.format('start %s, or take it out of synchronous_standby_names', name)
            WHEN cause = 'the WAL it needs is gone' AND kind IN ('standby', 'receiver')
            THEN pg_catalog.format('set %s up anew from a base backup, if the archive does not have that WAL', name)
            WHEN cause = 'the WAL it needs is gone'
            THEN pg_catalog.format('SELECT pg_drop_replication_slot(%L), and set up its receiver anew', slot_name)
            WHEN cause = 'timelines have diverged'
            THEN 'stop it and run pg_rewind against its sender, or set it up anew'
            WHEN cause = 'disconnected' AND kind = 'upstream'
            THEN 'see whether its sender is up and primary_conninfo right: the log says why it does not connect'
            WHEN cause = 'disconnected' AND slot_name IS NOT NULL
            THEN pg_catalog.format('start %s; if it does not come back, SELECT pg_drop_replication_slot(%L)', name, slot_name)
            WHEN cause = 'disconnected'
            THEN pg_catalog.format('start %s, or forget it: without a slot its row goes after a day', name)
            WHEN cause = 'no answer'
            THEN 'see whether the machine at the other end and the network to it are up'
            WHEN cause = 'replay is paused'
            THEN 'SELECT pg_wal_replay_resume()'
            WHEN cause = 'recovery conflict'
            THEN COALESCE(stop_sql, 'see dbops.sessions for who reads for long, and max_standby_streaming_delay')
            WHEN cause = 'WAL from the archive only'
            THEN 'set primary_conninfo for it to stream as well: an archive lags by up to a segment'
            WHEN cause = 'WAL is not sent fast enough'
            THEN 'see the CPU of its WAL sender and the bandwidth of the network'
            WHEN cause = 'WAL is under way'
            THEN 'see the network, and how busy the receiver is'
            WHEN cause = 'WAL is not flushed there'
            THEN 'see the disk with pg_wal on the standby'
            WHEN cause = 'WAL is not replayed there'
            THEN 'SELECT cause, what_to_do FROM dbops.replication on the standby'
            WHEN cause = 'nobody uses it'
            THEN pg_catalog.format('start its receiver, or SELECT pg_drop_replication_slot(%L)', slot_name)
            WHEN cause = 'disabled'
            THEN pg_catalog.format('ALTER SUBSCRIPTION %I ENABLE', name)
            WHEN cause = 'its worker does not run'
            THEN 'see the log for errors of its worker, and max_logical_replication_workers'
        END;
    END;
COMMENT ON FUNCTION dbops._replication_advice(text, text, text, text, text, text) IS
    'What to do about a cause of dbops.replication';
REVOKE ALL ON FUNCTION dbops._replication_advice(text, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._replication_advice(text, text, text, text, text, text) TO pg_monitor;

CREATE VIEW dbops.replication AS
SELECT r.kind,
       r.name,
       r.state,
       r.sync_state,
       dbops._rounded(r.replay_lag_seconds, 3) AS replay_lag_seconds,
       r.replay_lag_bytes,
       r.certain,
       r.lost_in,
       r.cause,
       dbops._replication_advice(r.kind, r.state, r.cause, r.slot_name, r.name,
           CASE WHEN r.conflict_pid IS NOT NULL
                THEN COALESCE(dbops._stop_sql(s.pid, s.state),
                              pg_catalog.format('SELECT pg_terminate_backend(%s)', r.conflict_pid)) END) AS what_to_do,
       r.conflict_pid,
       s.query AS conflict_query,
       r.sync_priority,
       r.sync_satisfied,
       r.sync_required,
       r.sync_candidates,
       r.sync_waiters,
       dbops._rounded(r.sync_waiting_seconds, 3) AS sync_waiting_seconds,
       r.loss_bytes,
       dbops._rounded(r.loss_seconds, 3) AS loss_seconds,
       r.loss_commits,
       r.timeline,
       r.diverged,
       r.slot_name,
       r.wal_status,
       r.safe_wal_size,
       r.wal_kept_bytes,
       dbops._rounded(r.wal_kept_seconds, 3) AS wal_kept_seconds,
       dbops._rounded(r.wal_left_seconds, 0) AS wal_left_seconds,
       r.sent_lag_bytes,
       dbops._rounded(r.sent_lag_seconds, 3) AS sent_lag_seconds,
       r.write_lag_bytes,
       dbops._rounded(r.write_lag_seconds, 3) AS write_lag_seconds,
       r.flush_lag_bytes,
       dbops._rounded(r.flush_lag_seconds, 3) AS flush_lag_seconds,
       dbops._rounded(r.clock_ahead_seconds, 3) AS clock_ahead_seconds,
       dbops._rounded(r.silent_seconds, 3) AS silent_seconds,
       r.application_name,
       r.client_addr,
       r.sent_lsn,
       r.write_lsn,
       r.flush_lsn,
       r.replay_lsn,
       r.write_lag,
       r.flush_lag,
       r.replay_lag,
       r.reply_time,
       r.pid,
       r.backend_start
  FROM dbops._replication() AS r
  LEFT JOIN dbops._sessions() AS s ON s.pid = r.conflict_pid
 ORDER BY GREATEST(r.rank, CASE WHEN r.sync_satisfied IS FALSE AND r.sync_priority > 0 THEN 3 END) DESC,
          r.replay_lag_seconds DESC NULLS LAST, r.kind, r.name;

COMMENT ON VIEW dbops.replication IS
    'Everybody who takes part in replication with this server, connected or not: how far behind in bytes and in time, where the time is lost, why, and what to do; broken ones and those that commits wait for in vain first, then stalled ones, then by lag';
COMMENT ON COLUMN dbops.replication.kind IS 'upstream: this standby itself, behind the server it receives from; standby; receiver: one that only keeps the WAL; consumer: of logical replication; slot: physical, of unknown use; subscription: of this server';
COMMENT ON COLUMN dbops.replication.name IS 'By which dbops.replication_lag() knows it';
COMMENT ON COLUMN dbops.replication.state IS 'As in pg_stat_replication or pg_stat_wal_receiver; disconnected: it was there; copied: a slot that came from the primary; missing: synchronous_standby_names has it';
COMMENT ON COLUMN dbops.replication.replay_lag_seconds IS 'For how long there has been WAL that it has not replayed, or not confirmed; 0 while there is none. Where nothing is heard of it, the time since it was last known to be up to date, or all that it may be behind';
COMMENT ON COLUMN dbops.replication.certain IS 'Whether that is known; false where it is a limit because nothing is heard';
COMMENT ON COLUMN dbops.replication.lost_in IS 'Where most of that time passes: sender, network, fsync or apply; NULL below a second';
COMMENT ON COLUMN dbops.replication.conflict_pid IS 'Session on this standby that keeps replay from going on';
COMMENT ON COLUMN dbops.replication.sync_satisfied IS 'Whether enough candidates are connected for what synchronous_standby_names asks; NULL when it asks for none';
COMMENT ON COLUMN dbops.replication.sync_waiters IS 'Sessions whose commit waits for a confirmation';
COMMENT ON COLUMN dbops.replication.sync_waiting_seconds IS 'How long the first of them has waited';
COMMENT ON COLUMN dbops.replication.loss_bytes IS 'WAL that would be lost if it took over at this moment';
COMMENT ON COLUMN dbops.replication.loss_seconds IS 'Time whose changes would be lost';
COMMENT ON COLUMN dbops.replication.loss_commits IS 'Transactions that would be lost: those given an id since, dbops'' own and those that did not commit among them; NULL on a standby, and from before the start';
COMMENT ON COLUMN dbops.replication.diverged IS 'Whether this standby has replayed what is not in the history of the newest timeline';
COMMENT ON COLUMN dbops.replication.wal_kept_seconds IS 'Age of the oldest WAL its slot keeps';
COMMENT ON COLUMN dbops.replication.wal_left_seconds IS 'Time until its slot is lost if it does not move, at the rate of the last ten minutes; without max_slot_wal_keep_size, until the disk is full';
COMMENT ON COLUMN dbops.replication.clock_ahead_seconds IS 'By how much its clock, on a standby that of its sender, is ahead of this server''s; right to a second for standbys';
COMMENT ON COLUMN dbops.replication.silent_seconds IS 'Time since it was last heard of';
REVOKE ALL ON dbops.replication FROM PUBLIC;
GRANT SELECT ON dbops.replication TO pg_monitor;
