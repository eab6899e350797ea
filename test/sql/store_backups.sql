-- covers: store/restore_tests
--
-- What operators tell of backups is checked, and becomes part of the same catalogue.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- Nothing is known.
SELECT count(*) FROM dbops.backups;
SELECT tool, kind, good, failed, next_step FROM dbops.backup_status();
SELECT dbops.restore_drill_command('my tool');

-- What makes no sense is refused, with what to do instead.
\set VERBOSITY default
SELECT dbops.record_backup(NULL);
SELECT dbops.record_backup('my tool', 'snapshot');
SELECT dbops.record_backup('my tool', status => 'perhaps');
SELECT dbops.record_backup('my tool', started_at => '2026-01-02', ended_at => '2026-01-01');
SELECT dbops.record_backup('my tool', ended_at => now() + interval '1 day');
SELECT dbops.record_backup('my tool', start_lsn => '1/0', stop_lsn => '0/1');
SELECT dbops.record_backup('my tool', size_bytes => -1);
SELECT dbops.record_backup('my tool', timeline => 5000000000);
SELECT dbops.record_restore_test(NULL);
SELECT dbops.record_restore_test(false);
SELECT dbops.record_restore_test(true, took => '-1 minute');
SELECT dbops.record_restore_test(true, tested_at => 'infinity');
SELECT dbops.record_restore_test(true, label => 'no such backup');
INSERT INTO dbops.locations VALUES ('moon', 'base', 'crater');

-- What is told twice is one backup, of which the latest word counts.
SELECT dbops.record_backup('my tool', label => 'a', start_lsn => '0/2000028', stop_lsn => '0/2000100', timeline => 1,
                           started_at => now() - interval '1 hour', status => 'running') AS id \gset
SELECT tool, kind, label, status, ended_at IS NULL AS runs, source, restorable FROM dbops.backups;
SELECT dbops.record_backup('my tool', label => 'a', start_lsn => '0/2000028', stop_lsn => '0/2000100', timeline => 1,
                           started_at => now() - interval '1 hour', size_bytes => 1048576, repository => 'vault') = :id AS same;
SELECT tool, kind, label, status, duration BETWEEN '59 minutes' AND '61 minutes' AS an_hour, size, repository, restorable, evidence
  FROM dbops.backups;
SELECT dbops.record_backup('my tool', 'base', 'a', start_lsn => '0/2000028', timeline => 1, wal_included => true) = :id AS same;
SELECT status, restorable, evidence FROM dbops.backups;

-- Another is another, and one that failed asks for the next.
SELECT dbops.record_backup('my tool', label => 'b', status => 'failed', evidence => 'tape torn', ended_at => now() + interval '1 minute') = :id AS same;
SELECT tool, kind, last_good_label, last_failed_evidence, good, failed, next_step FROM dbops.backup_status();
SELECT dbops.record_backup('my tool', label => 'c', wal_included => true, ended_at => now() + interval '2 minutes') = :id AS same;
SELECT last_good_label, next_step FROM dbops.backup_status();

-- A restore test belongs to the newest good one, or to the one it names.
SELECT dbops.record_restore_test(true, took => '25 minutes', size_bytes => 42) IS NOT NULL AS recorded;
SELECT dbops.record_restore_test(false, error => 'it did not start', label => 'a', tool => 'my tool', tested_at => now() + interval '1 minute') IS NOT NULL AS recorded;
SELECT ok, tool, kind, label, extract(minutes FROM took) AS minutes, size_bytes, error, recorded_by = session_user AS by_me FROM dbops.restore_tests ORDER BY id;
SELECT last_restore_test_at IS NOT NULL AS tested, next_step FROM dbops.backup_status();

-- The commands of a drill take any label as one word.
SELECT dbops.record_backup('Barman', label => E'Barman backup it''s "$(reboot)" 20260101T000000', wal_included => true,
                           ended_at => now() + interval '3 minutes') = :id AS same;
SELECT line FROM dbops.restore_drill_command('Barman') AS line WHERE line ~ '^(server=|[(].*reboot)';
SELECT substring(line from 'recover .*scratch/data"') FROM dbops.restore_drill_command('Barman') AS line WHERE line ~ '^barman ';
SELECT substring(line from 'label => [^)]*[)]') FROM dbops.restore_drill_command('Barman') AS line WHERE line ~ '^record[(]';
SELECT bool_and(dbops._shell_word(word) = quoted) AS quoted FROM (VALUES ('a-b', 'a-b'), ('a b', '''a b'''), ('it''s', '''it''\''''s'''),
    ('$x', '''$x'''), ('', '''''')) AS words (word, quoted);
SELECT dbops._shell_literal(E'\\ " $x `x` ''');

-- How to get WAL back is told by how it was archived, where that is plain.
SELECT command, dbops._restore_command(command, '/a b') FROM (VALUES
    ('cp %p /wal/%f'), ('test ! -f "/wal/%f" && cp "%p" "/wal/%f"'), ('rsync -a %p host:/wal/%f'), ('/bin/cp %p /$(date)/%f'), ('cp %p wal/%f'),
    ('gzip <%p >/wal/%f.gz'), ('pgbackrest --stanza=x archive-push %p'), ('wal-g wal-push %p'), ('true'), ('')) AS commands (command);

-- Where the copies are.
INSERT INTO dbops.locations VALUES ('repository', 'vault', 'cellar');
SELECT label, location FROM dbops.backups WHERE location IS NOT NULL;

-- Nobody else may read or record, unless he is let.
CREATE ROLE backup_operator;
SET ROLE backup_operator;
SELECT count(*) FROM dbops.backups;
SELECT dbops.record_backup('my tool');
RESET ROLE;
GRANT USAGE ON SCHEMA dbops TO backup_operator;
GRANT EXECUTE ON FUNCTION dbops.record_restore_test TO backup_operator;
SET ROLE backup_operator;
SELECT dbops.record_restore_test(true, note => 'by its operator') IS NOT NULL AS recorded;
RESET ROLE;
SELECT note FROM dbops.restore_tests ORDER BY id DESC LIMIT 1;

DROP OWNED BY backup_operator;
DROP ROLE backup_operator;
TRUNCATE dbops.backup, dbops.restore_tests, dbops.locations;
