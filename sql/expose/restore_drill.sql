-- The commands of a restore drill, for whoever is tired: they can be pasted as they are, refuse to begin
-- where something is missing, and touch nothing but the scratch folder.

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

CREATE FUNCTION dbops._restore_command(archive_command text, data_directory text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    -- pgBackRest refuses to run for other files than those its configuration names.
    SELECT CASE
               WHEN archive_command ~ 'pgbackrest .*archive-push +"?%p"?$'
               THEN regexp_replace(archive_command, 'archive-push +"?%p"?$',
                                   '--pg1-path=' || replace(dbops._shell_word(data_directory), '%', '%%') || ' archive-get %f "%p"')
               WHEN archive_command ~ '^[^;|&<>]*wal-g +wal-push +"?%p"?$'
               THEN regexp_replace(archive_command, 'wal-push +"?%p"?$', 'wal-fetch %f "%p"')
               WHEN archive_command ~ '(^|[ /])(cp|install|rsync) [^;|&<>]*"?%p"? +"?/[^ ";|&<>$`]+/%f"?$'
               THEN 'cp "' || substring(archive_command from ' "?(/[^ ";|&<>$`]+/%f)"?$') || '" "%p"'
           END
$$;
COMMENT ON FUNCTION dbops._restore_command(text, text) IS
    'The restore_command that gets back what an archive_command keeps, for a server in that folder; NULL when that cannot be told';
REVOKE ALL ON FUNCTION dbops._restore_command(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._restore_command(text, text) TO pg_monitor;

CREATE FUNCTION dbops._drill_start(port integer) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $function$
    -- Where the settings are kept elsewhere, as on Debian, a backup of the data has none.  Archives,
    -- subscriptions, jobs, log and pid file of the server that it is a copy of are not its own.
    SELECT format($commands$step='starting it'
rm -f "$scratch/data/postmaster.pid" "$scratch/data/standby.signal" "$scratch/data/tablespace_map"
for link in "$scratch"/data/pg_wal "$scratch"/data/pg_tblspc/*; do
  [ -L "$link" ] || continue
  case $(readlink -m "$link") in
    "$(readlink -f "$scratch")"/*) ;;
    *) refuse "$link leads out of $scratch, perhaps to files of the server: nothing was started" ;;
  esac
done
chmod 700 "$scratch/data"
[ -e "$scratch/data/postgresql.conf" ] || touch "$scratch/data/postgresql.conf"
echo 'local all all trust' >"$scratch/hba.conf"
: >"$scratch/ident.conf"
"$bin/pg_ctl" -w -t 86400 -D "$scratch/data" -l "$scratch/log" -o "-p %1$s -c data_directory='$scratch/data' -c hba_file='$scratch/hba.conf' -c ident_file='$scratch/ident.conf' -c external_pid_file='' -c listen_addresses='' -c unix_socket_directories='$scratch' -c ssl=off -c logging_collector=off -c hot_standby=off -c archive_mode=off -c synchronous_standby_names='' -c max_logical_replication_workers=0 -c shared_buffers=128MB -c huge_pages=off -c cron.launch_active_jobs=off -c dbops.enabled=off" start >/dev/null
until [ "$(run -d postgres -c 'SELECT pg_catalog.pg_is_in_recovery()' 2>/dev/null || :)" = f ]; do
  "$bin/pg_ctl" -D "$scratch/data" status >/dev/null
  sleep 0.2
done$commands$, port)
$function$;
COMMENT ON FUNCTION dbops._drill_start(integer) IS 'Starts what was restored, out of everybody''s way';
REVOKE ALL ON FUNCTION dbops._drill_start(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._drill_start(integer) TO pg_monitor;

CREATE FUNCTION dbops._drill_copy() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $function$
    -- Tablespaces of a copy are where its links lead: copied as well, unless that is where the server's own are.
    SELECT format($commands$if [ -d "$backup/base" ]; then
  for link in "$backup"/pg_tblspc/*; do
    [ -L "$link" ] || continue
    for live in %s; do
      if [ "$link" -ef "$live" ]; then refuse "$link leads to a tablespace of the server itself: nothing was copied"; fi
    done
  done
  cp -a "$backup/." "$scratch/data"
  for link in "$scratch"/data/pg_tblspc/*; do
    [ -L "$link" ] || continue
    mkdir -p "$scratch/tablespaces/${link##*/}"
    cp -a "$link/." "$scratch/tablespaces/${link##*/}"
    ln -sfn "$scratch/tablespaces/${link##*/}" "$link"
  done
else
  tar -xf "$backup"/base.tar* -C "$scratch/data"
  for file in "$backup"/[0-9]*.tar*; do
    [ -e "$file" ] || continue
    oid=${file##*/}
    oid=${oid%%%%.*}
    mkdir -p "$scratch/tablespaces/$oid"
    tar -xf "$file" -C "$scratch/tablespaces/$oid"
    ln -sfn "$scratch/tablespaces/$oid" "$scratch/data/pg_tblspc/$oid"
  done
  for file in "$backup"/pg_wal.tar*; do
    [ -e "$file" ] || continue
    tar -xf "$file" -C "$scratch/data/pg_wal"
  done
fi
if ls "$scratch"/data/pg_wal/0* >/dev/null 2>&1; then :; else
  [ -n "$restore_command" ] || refuse "it has no WAL of its own: fill in restore_command"
  printf -v quote '\x27'
  printf '%%s\n' "restore_command = '${restore_command//$quote/$quote$quote}'" "recovery_target = 'immediate'" "recovery_target_action = 'promote'" >>"$scratch/data/postgresql.auto.conf"
  touch "$scratch/data/recovery.signal"
fi$commands$,
        COALESCE((SELECT string_agg(dbops._shell_word(place), ' ')
                    FROM (SELECT pg_tablespace_location(oid) AS place FROM pg_tablespace) AS t
                   WHERE place <> ''), ''''''))
$function$;
COMMENT ON FUNCTION dbops._drill_copy() IS 'Restores what pg_basebackup or a copy by hand wrote, as files or tar';
REVOKE ALL ON FUNCTION dbops._drill_copy() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._drill_copy() TO pg_monitor;

CREATE FUNCTION dbops.restore_drill_command(
    tool text DEFAULT NULL,
    scratch text DEFAULT '/var/tmp/dbops_restore_drill',
    port integer DEFAULT 54329,
    backup text DEFAULT NULL)
    RETURNS SETOF text
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
AS $function$
    WITH newest AS (
        SELECT b.tool, b.kind, b.label, b.datname, b.node, b.repository, b.size_bytes
          FROM dbops.backups AS b
         WHERE b.status = 'ok' AND b.restorable IS NOT FALSE AND b.kind <> 'archive'
           AND (restore_drill_command.tool IS NULL OR b.tool = restore_drill_command.tool)
         ORDER BY b.kind = 'dump', COALESCE(b.ended_at, b.started_at) DESC NULLS LAST
         LIMIT 1
    ), known AS (
        -- What the settings tell of the tools, whoever reads them.
        SELECT COALESCE(max(s.setting) FILTER (WHERE s.name = 'archive_command'), '') AS archiving,
               COALESCE(max(s.setting) FILTER (WHERE s.name = 'dbops.backup_command'), '') AS reading
          FROM pg_settings AS s
    ), word AS (
        -- What a shell takes as one word.
        SELECT newest.tool, newest.kind, newest.label, newest.size_bytes,
               dbops._shell_word(newest.label) AS label_word,
               dbops._shell_word(COALESCE(newest.datname, 'postgres')) AS database_word,
               dbops._shell_word(restore_drill_command.scratch) AS scratch_word,
               dbops._shell_word(restore_drill_command.backup) AS backup_word,
               dbops._shell_word((SELECT setting FROM pg_config() WHERE name = 'BINDIR')) AS bin_word,
               dbops._shell_word((SELECT rolname::text FROM pg_roles WHERE oid = 10)) AS owner_word,
               format('-h %s -p %s',
                      dbops._shell_word(COALESCE(NULLIF(split_part(current_setting('unix_socket_directories'), ',', 1), ''), 'localhost')),
                      current_setting('port')) AS here_words,
               dbops._shell_word(current_database()) AS here_word,
               dbops._shell_word(COALESCE(substring(known.archiving from '(?:^|[ =''"])(/[^ ''"]*/pgbackrest) '),
                                          substring(known.reading from '(?:^|[; ''"])(/[^ ''";]*/pgbackrest) '), 'pgbackrest')) AS pgbackrest_word,
               dbops._shell_word(COALESCE(substring(known.archiving from '--stanza[= ]+([^ ''"]+)'),
                                          substring(known.reading from '--stanza[= ]+([^ ''";]+)'),
                                          (SELECT min(r.server) FROM dbops.backup_repositories AS r WHERE r.tool = 'pgBackRest' HAVING min(r.server) = max(r.server)))) AS stanza_word,
               dbops._shell_word(COALESCE(substring(known.archiving from 'pgbackrest .*--config[= ]+([^ ''"]+)'),
                                          substring(known.reading from 'pgbackrest [^;]*--config[= ]+([^ ''";]+)'))) AS config_word,
               dbops._shell_word(COALESCE(substring(known.reading from '(?:^|[; ''"])(/[^ ''";]*/barman) '), 'barman')) AS barman_word,
               dbops._shell_word(substring(known.reading from 'barman [^;]*(?:-c|--config)[= ]+([^ ''";]+)')) AS barman_config_word,
               dbops._shell_word(COALESCE(
                   substring(newest.label from '^Barman backup (.+) [^ ]+$'),
                   CASE WHEN newest.label ~ '^[0-9]{8}T[0-9]{6}$' THEN newest.repository END,
                   substring(known.archiving from 'barman-wal-archive +[^ ]+ +([^ ]+)'),
                   (SELECT min(r.server) FROM dbops.backup_repositories AS r WHERE r.tool = 'Barman' HAVING min(r.server) = max(r.server)))) AS server_word,
               dbops._shell_word(COALESCE(substring(newest.label from '^Barman backup .+ ([^ ]+)$'),
                                          substring(newest.label from '^[0-9]{8}T[0-9]{6}$'), 'latest')) AS id_word,
               dbops._shell_word(substring(known.archiving from '--instance[= ]+([^ ''"]+)')) AS instance_word,
               dbops._shell_word(dbops._restore_command(known.archiving, restore_drill_command.scratch || '/data')) AS command_word,
               COALESCE((SELECT string_agg(' --tablespace ' || dbops._shell_word(spcname::text || ':' || restore_drill_command.scratch || '/tablespaces/' || spcname), '')
                           FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''), '') AS barman_places,
               COALESCE((SELECT string_agg(' -T ' || dbops._shell_word(pg_tablespace_location(oid) || '=' || restore_drill_command.scratch || '/tablespaces/' || spcname), '')
                           FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''), '') AS probackup_places
          FROM newest CROSS JOIN known
    ), needed AS (
        -- What only people know: a name, whether it is known already, and what it is.
        SELECT want.name, want.word, want.what, want.must
          FROM word
         CROSS JOIN LATERAL (VALUES
               ('backup', word.kind = 'dump', word.backup_word, 'the file or folder that it was written to', true),
               ('backup', word.kind <> 'dump' AND word.tool NOT IN ('pgBackRest', 'Barman', 'WAL-G', 'pg_probackup'), word.backup_word,
                'the folder that it was written to, as files or as tar', true),
               ('restore_command', word.kind <> 'dump' AND word.tool NOT IN ('pgBackRest', 'Barman', 'WAL-G', 'pg_probackup'), word.command_word,
                'gets WAL back from the archive, if the backup has none of its own', false),
               ('stanza', word.tool = 'pgBackRest', word.stanza_word, 'what pgBackRest calls the server', true),
               ('server', word.tool = 'Barman', word.server_word, 'what Barman calls the server', true),
               ('catalog', word.tool = 'pg_probackup', word.backup_word, 'the folder that pg_probackup keeps its backups in', true),
               ('instance', word.tool = 'pg_probackup', word.instance_word, 'what pg_probackup calls the server', true)
               ) AS want (name, wanted, word, what, must)
         WHERE want.wanted
    ), script AS (
        SELECT concat_ws(E'\n',
            format('( # Restores the newest backup of %s (%s) into a scratch folder, starts it on port %s beside the server, and records the result.',
                   translate(tool, E'\n\r', '  '), COALESCE(translate(label, E'\n\r', '  '), 'without a label'),
                   restore_drill_command.port),
            '# To be pasted into bash or run by it, as the user that may read the backup and owns the server''s files.',
            CASE WHEN tool = 'Barman' THEN '# Where Barman is on another machine: there, with --remote-ssh-command, and the rest here.' END,
            'set -Eeu',
            'scratch=' || scratch_word,
            'bin=' || bin_word,
            (SELECT string_agg(format('%s=%s    # %s%s', name, COALESCE(word, ''), what, CASE WHEN word IS NULL THEN ': fill in' ELSE '' END)
                               || CASE WHEN must THEN format(E'\n: "${%s:?is to be filled in first}"', name) ELSE '' END, E'\n')
               FROM needed),
            'made=',
            'refuse() { trap - ERR; echo "$1" >&2; if [ -n "$made" ]; then rm -rf "$scratch"; fi; exit 1; }',
            CASE WHEN 'backup' IN (SELECT name FROM needed) THEN '[ -e "$backup" ] || refuse "$backup is not there"' END,
            'if [ -e "$scratch" ]; then refuse "$scratch is there already: remove it, or name another"; fi',
            'now() { local at=${EPOCHREALTIME:-$(date +%s).000000}; echo "${at/[.,]/}"; }',
            format('run() { "$bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$scratch" -p %s -U %s "$@"; }', restore_drill_command.port, owner_word),
            'took=0',
            format('record() { "$bin/psql" -XAtq %s -d %s -c "SELECT dbops.record_restore_test($1, took => interval ''$took microseconds'', tool => %s%s)" >/dev/null; }',
                   here_words, here_word, dbops._shell_literal(tool),
                   COALESCE(', label => ' || dbops._shell_literal(label), '')),
            'stop() { "$bin/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null 2>&1 || :; }',
            'fail() { trap - ERR; took=$(($(now) - began)); if [ -e "$scratch/log" ]; then tail -n 5 "$scratch/log" >&2; fi',
            '  echo "the drill failed at line $1, $step; see $scratch, and remove it before the next" >&2',
            '  record "false, error => \$\$restore drill failed at line $1, $step\$\$"; exit 1; }',
            'trap stop EXIT',
            'mkdir -m 700 "$scratch" "$scratch/data"',
            'made=yes',
            'began=$(now)',
            'step=''restoring it''',
            'trap ''fail $LINENO'' ERR',
            CASE
                WHEN kind = 'dump' THEN concat_ws(E'\n',
                    format('"$bin/initdb" -D "$scratch/data" -U %s -E %s --no-locale >/dev/null', owner_word, current_setting('server_encoding')),
                    dbops._drill_start(restore_drill_command.port),
                    'step=''reading the dump''',
                    '# Owners and grantees are not in the dump of a database; those of the server are taken.',
                    format('"$bin/pg_dumpall" %s --roles-only --no-role-passwords | run -v ON_ERROR_STOP=0 -d postgres >/dev/null 2>&1 || :', here_words),
                    format('run -d postgres -c %s >/dev/null 2>&1 || :',
                           dbops._shell_word('CREATE DATABASE ' || quote_ident(COALESCE((SELECT datname FROM newest), 'postgres')) || ' TEMPLATE template0')),
                    'case $(head -c 5 "$backup" 2>/dev/null || :) in',
                    format('  PGDMP | "") "$bin/pg_restore" -h "$scratch" -p %s -U %s -d %s -e "$backup" ;;', restore_drill_command.port, owner_word, database_word),
                    format('  *) run -d %s -f "$backup" >/dev/null ;;', database_word),
                    'esac')
                WHEN tool = 'pgBackRest' THEN concat_ws(E'\n',
                    format('%s --stanza="$stanza"%s --pg1-path="$scratch/data" --tablespace-map-all="$scratch/tablespaces" --log-level-console=warn%s --type=immediate --target-action=promote restore',
                           pgbackrest_word, COALESCE(' --config=' || config_word, ''),
                           CASE WHEN label ~ '^[0-9]{8}-[0-9]{6}F' THEN ' --set=' || label_word ELSE '' END),
                    dbops._drill_start(restore_drill_command.port))
                WHEN tool = 'Barman' THEN concat_ws(E'\n',
                    format('%s%s recover --target-immediate --target-action promote%s "$server" %s "$scratch/data" >"$scratch/barman.log" 2>&1 || { cat "$scratch/barman.log" >&2; false; }',
                           barman_word, COALESCE(' -c ' || barman_config_word, ''), barman_places, id_word),
                    dbops._drill_start(restore_drill_command.port))
                WHEN tool = 'WAL-G' THEN concat_ws(E'\n',
                    'wal-g backup-fetch "$scratch/data" LATEST',
                    'printf ''%s\n'' "restore_command = ''wal-g wal-fetch %f %p''" "recovery_target = ''immediate''" "recovery_target_action = ''promote''" >>"$scratch/data/postgresql.auto.conf"',
                    'touch "$scratch/data/recovery.signal"',
                    dbops._drill_start(restore_drill_command.port))
                WHEN tool = 'pg_probackup' THEN concat_ws(E'\n',
                    format('pg_probackup restore -B "$catalog" --instance="$instance" -D "$scratch/data"%s', probackup_places),
                    dbops._drill_start(restore_drill_command.port))
                ELSE concat_ws(E'\n',
                    dbops._drill_copy(),
                    dbops._drill_start(restore_drill_command.port))
            END,
            'took=$(($(now) - began))',
            'step=''reading it''',
            '# Check here what must be in it, as by: run -d shop -c ''SELECT 1 / count(*) FROM orders''; so far, every table is read once.',
            format('"$bin/pg_dumpall" -h "$scratch" -p %s -U %s >/dev/null', restore_drill_command.port, owner_word),
            CASE WHEN size_bytes IS NULL AND kind <> 'dump'
                 THEN format('record "true, size_bytes => $(run -d postgres -c %s)"',
                             '''SELECT sum(pg_catalog.pg_tablespace_size(oid))::bigint FROM pg_catalog.pg_tablespace''')
                 ELSE 'record true' END,
            'trap - ERR',
            '"$bin/pg_ctl" -D "$scratch/data" -m fast stop >/dev/null',
            'trap - EXIT',
            'rm -rf "$scratch"',
            'echo "restored in $((took / 1000000)) s, and recorded in dbops.restore_tests"',
            ') </dev/null') AS text
          FROM word
    )
    SELECT line FROM script CROSS JOIN LATERAL string_to_table(script.text, E'\n') AS line
    UNION ALL
    SELECT '# No backup is known that could be restored'
           || COALESCE(' of ' || quote_literal(restore_drill_command.tool), '') || ': see dbops.backups.'
     WHERE NOT EXISTS (SELECT FROM newest)
$function$;
COMMENT ON FUNCTION dbops.restore_drill_command(text, text, integer, text) IS
    'The commands that restore the newest good backup into a scratch folder, start it on another port, read it, and record the timed result; backup is the folder that one of no catalogue lies in';
REVOKE ALL ON FUNCTION dbops.restore_drill_command(text, text, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.restore_drill_command(text, text, integer, text) TO pg_monitor;
