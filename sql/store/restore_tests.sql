-- Restore tests: recording one, and the commands for the next.

CREATE FUNCTION dbops.record_restore_test(
    ok boolean,
    took interval DEFAULT NULL,
    tool text DEFAULT NULL,
    label text DEFAULT NULL,
    size_bytes bigint DEFAULT NULL,
    error text DEFAULT NULL,
    note text DEFAULT NULL,
    tested_at timestamptz DEFAULT pg_catalog.now())
    RETURNS bigint
    AS 'MODULE_PATHNAME', 'dbops_record_restore_test'
    LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbops.record_restore_test(boolean, interval, text, text, bigint, text, text, timestamptz) IS
    'Records that a backup was restored for a test, the newest good one unless tool or label say which; returns the id in dbops.restore_tests';
REVOKE ALL ON FUNCTION dbops.record_restore_test(boolean, interval, text, text, bigint, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION dbops._shell_word(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN value ~ '^[A-Za-z0-9_./:@%+,=-]+$' THEN value
                ELSE '''' || replace(value, '''', '''\''''') || '''' END
$$;
COMMENT ON FUNCTION dbops._shell_word(text) IS 'As a shell takes it for one word, whatever it is';
REVOKE ALL ON FUNCTION dbops._shell_word(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._shell_word(text) TO pg_monitor;

CREATE FUNCTION dbops._shell_literal(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT regexp_replace(quote_literal(value), '([\\"$`])', '\\\1', 'g')
$$;
COMMENT ON FUNCTION dbops._shell_literal(text) IS 'A literal of SQL within a word of a shell that stands in double quotes';
REVOKE ALL ON FUNCTION dbops._shell_literal(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._shell_literal(text) TO pg_monitor;

CREATE FUNCTION dbops._drill_start(port integer) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $function$
    -- Where the settings are kept elsewhere, as on Debian, a backup of the data has none.
    SELECT format($commands$rm -f "$scratch/data/postmaster.pid"
chmod 700 "$scratch/data"
[ -e "$scratch/data/postgresql.conf" ] || touch "$scratch/data/postgresql.conf"
echo 'local all all trust' >"$scratch/hba.conf"
"$bin/pg_ctl" -w -t 86400 -D "$scratch/data" -l "$scratch/log" -o "-p %s -c data_directory='$scratch/data' -c hba_file='$scratch/hba.conf' -c listen_addresses='' -c unix_socket_directories='$scratch' -c hot_standby=off -c archive_mode=off -c dbops.enabled=off" start >/dev/null$commands$, port)
$function$;
COMMENT ON FUNCTION dbops._drill_start(integer) IS 'Starts what was restored, out of everybody''s way';
REVOKE ALL ON FUNCTION dbops._drill_start(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._drill_start(integer) TO pg_monitor;

CREATE FUNCTION dbops.restore_drill_command(
    tool text DEFAULT NULL,
    scratch text DEFAULT '/var/tmp/dbops_restore_drill',
    port integer DEFAULT 54329)
    RETURNS text
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
AS $function$
    WITH backup AS (
        SELECT b.tool, b.kind, b.label, b.datname, b.node, b.repository
          FROM dbops.backups AS b
         WHERE b.status = 'ok' AND b.restorable IS NOT FALSE AND b.kind <> 'archive'
           AND (restore_drill_command.tool IS NULL OR b.tool = restore_drill_command.tool)
         ORDER BY b.kind = 'dump', COALESCE(b.ended_at, b.started_at) DESC NULLS LAST
         LIMIT 1
    ), word AS (
        -- What a shell takes as one word.
        SELECT backup.tool, backup.kind, backup.label,
               dbops._shell_word(backup.label) AS label_word,
               dbops._shell_word(backup.datname) AS database_word,
               dbops._shell_word(restore_drill_command.scratch) AS scratch_word,
               dbops._shell_word((SELECT setting FROM pg_config() WHERE name = 'BINDIR')) AS bin_word,
               dbops._shell_word(current_database()) AS here_word,
               dbops._shell_word(split_part(current_setting('unix_socket_directories'), ',', 1)) AS socket_word,
               dbops._shell_word(COALESCE(
                   substring(current_setting('archive_command') from '--stanza[= ]+([^ ''"]+)'), 'STANZA')) AS stanza_word,
               dbops._shell_word(COALESCE(
                   substring(current_setting('archive_command') from '--config[= ]+([^ ''"]+)'))) AS config_word,
               dbops._shell_word(COALESCE(
                   substring(backup.label from '^Barman backup (.+) [^ ]+$'),
                   substring(current_setting('archive_command') from 'barman-wal-archive +[^ ]+ +([^ ]+)'), 'SERVER')) AS server_word,
               dbops._shell_word(COALESCE(
                   substring(backup.label from '^Barman backup .+ ([^ ]+)$'), backup.label)) AS id_word,
               dbops._shell_word(COALESCE(
                   substring(current_setting('archive_command') from '--instance[= ]+([^ ''"]+)'), 'INSTANCE')) AS instance_word
          FROM backup
    )
    SELECT concat_ws(E'\n',
        format('# Restores the newest backup of %s (%s) into a scratch folder, starts it on port %s, and records the result.',
               translate(tool, E'\n\r', '  '), COALESCE(translate(label, E'\n\r', '  '), 'without a label'),
               restore_drill_command.port),
        '# To be run by bash, as the user that may read the backup and owns the server''s files.',
        'set -Eeu',
        'scratch=' || scratch_word,
        'bin=' || bin_word,
        format('record() { "$bin/psql" -XAtq -h %s -p %s -d %s -c "SELECT dbops.record_restore_test($1, took => interval ''$SECONDS seconds'', tool => %s%s)"; }',
               socket_word, current_setting('port'), here_word, dbops._shell_literal(tool),
               COALESCE(', label => ' || dbops._shell_literal(label), '')),
        'trap ''trap - ERR; "$bin/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null 2>&1 || :; record "false, error => \$\$restore drill failed at line $LINENO\$\$"; exit 1'' ERR',
        'mkdir -m 700 "$scratch" "$scratch/data"',
        'SECONDS=0',
        CASE
            WHEN kind = 'dump' THEN concat_ws(E'\n',
                'dump=/path/to/the/dump       # where it was written: fill in',
                '"$bin/initdb" -D "$scratch/data" >/dev/null',
                dbops._drill_start(restore_drill_command.port),
                format('"$bin/createdb" -h "$scratch" -p %s -T template0 %s 2>/dev/null || :', restore_drill_command.port, COALESCE(database_word, 'postgres')),
                format('"$bin/pg_restore" -h "$scratch" -p %1$s -d %2$s -e "$dump" || "$bin/psql" -Xq -v ON_ERROR_STOP=1 -h "$scratch" -p %1$s -d %2$s -f "$dump" >/dev/null',
                       restore_drill_command.port, COALESCE(database_word, 'postgres')))
            WHEN tool = 'pgBackRest' THEN concat_ws(E'\n',
                format('pgbackrest --stanza=%s%s --pg1-path="$scratch/data" --log-level-console=warn%s restore',
                       stanza_word, COALESCE(' --config=' || config_word, ''),
                       CASE WHEN label ~ '^[0-9]{8}-[0-9]{6}F'
                            THEN ' --set=' || label_word || ' --type=immediate --target-action=promote' ELSE '' END),
                dbops._drill_start(restore_drill_command.port))
            WHEN tool = 'Barman' THEN concat_ws(E'\n',
                format('barman recover %s %s "$scratch/data" # SERVER: as Barman calls it', server_word, COALESCE(id_word, 'latest')),
                dbops._drill_start(restore_drill_command.port))
            WHEN tool = 'WAL-G' THEN concat_ws(E'\n',
                'wal-g backup-fetch "$scratch/data" LATEST',
                'printf ''%s\n'' "restore_command = ''wal-g wal-fetch %f %p''" >>"$scratch/data/postgresql.auto.conf"',
                'touch "$scratch/data/recovery.signal"',
                dbops._drill_start(restore_drill_command.port))
            WHEN tool = 'pg_probackup' THEN concat_ws(E'\n',
                'catalog=/path/to/the/catalog # fill in',
                format('pg_probackup restore -B "$catalog" --instance=%s -D "$scratch/data"', instance_word),
                dbops._drill_start(restore_drill_command.port))
            ELSE concat_ws(E'\n',
                'backup=/path/to/the/backup   # the folder it was written to: fill in',
                'cp -a "$backup/." "$scratch/data"',
                '# If it has no WAL of its own: restore_command in postgresql.auto.conf, and touch "$scratch/data/recovery.signal".',
                dbops._drill_start(restore_drill_command.port))
        END,
        format('until [ "$("$bin/psql" -XAt -h "$scratch" -p %1$s -d postgres -c "SELECT pg_catalog.pg_is_in_recovery()" 2>/dev/null)" = f ]; do "$bin/pg_ctl" -D "$scratch/data" status >/dev/null; sleep 1; done',
               restore_drill_command.port),
        '# Check here what must be in it; so far, every table is read once.',
        format('"$bin/pg_dumpall" -h "$scratch" -p %s >/dev/null', restore_drill_command.port),
        'record true',
        '"$bin/pg_ctl" -D "$scratch/data" -m fast stop >/dev/null',
        'rm -rf "$scratch"')
      FROM word
    UNION ALL
    SELECT '# No backup is known that could be restored'
           || COALESCE(' of ' || quote_literal(restore_drill_command.tool), '') || ': see dbops.backups.'
     WHERE NOT EXISTS (SELECT FROM backup)
$function$;
COMMENT ON FUNCTION dbops.restore_drill_command(text, text, integer) IS
    'The commands that restore the newest good backup into a scratch folder, start it on another port, read it, and record the timed result';
REVOKE ALL ON FUNCTION dbops.restore_drill_command(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.restore_drill_command(text, text, integer) TO pg_monitor;
