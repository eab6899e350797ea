-- Repositories of backup tools, for people.

CREATE VIEW dbops.backup_repositories AS
SELECT COALESCE(r.tool, c.tool) AS tool,
       r.server,
       r.name AS repository,
       CASE
           WHEN c.error IS NOT NULL THEN 'not read'
           WHEN r.status_code <> 0 THEN 'error'
           WHEN r.erroneous > 0 THEN 'errors in backups'
           WHEN r.listed_at IS NULL THEN 'not listed'
           ELSE 'ok'
       END AS state,
       COALESCE(c.error, r.status) AS status,
       r.backups,
       r.base_backups,
       r.oldest_at,
       r.newest_at,
       r.newest_base_at,
       pg_catalog.date_trunc('second',
           pg_catalog.max(r.newest_at) OVER (PARTITION BY r.tool, r.server) - r.newest_at) AS behind,
       r.stored_bytes,
       dbops._bytes(r.stored_bytes) AS stored,
       r.retention,
       r.cipher,
       r.first_wal,
       r.last_wal,
       r.busy,
       r.erroneous,
       r.failed,
       (SELECT place.location FROM dbops.locations AS place
         WHERE place.what = 'repository' AND place.name = r.name) AS location,
       r.listed_at,
       pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - r.listed_at) AS age,
       c.read_on,
       c.error IS NOT NULL AS stale,
       c.failing_since,
       c.program AS command
  FROM dbops._known_backup_commands AS c
       FULL JOIN dbops._known_backup_repositories AS r ON r.position = c.position
 WHERE r.name IS NOT NULL OR c.error IS NOT NULL
    OR NOT EXISTS (SELECT FROM dbops._known_backup_repositories AS other WHERE other.tool = c.tool)
 ORDER BY c.error IS NOT NULL DESC, r.status_code <> 0 DESC, r.erroneous > 0 DESC, tool, r.server, r.name;
COMMENT ON VIEW dbops.backup_repositories IS
    'What the commands of dbops.backup_command told of each repository, those with trouble first; a command that fails has a row, too';
COMMENT ON COLUMN dbops.backup_repositories.server IS 'What the tool calls the server: its stanza';
COMMENT ON COLUMN dbops.backup_repositories.state IS
    'ok; not read: the command fails, and what is shown is of its last success; error: the tool finds something wrong; errors in backups; not listed: no command lists its backups';
COMMENT ON COLUMN dbops.backup_repositories.status IS 'Words of the tool, or why its command failed';
COMMENT ON COLUMN dbops.backup_repositories.behind IS
    'Its newest backup is so much older than that of the same server in another repository';
COMMENT ON COLUMN dbops.backup_repositories.retention IS 'Rule of the tool, where it tells: Barman with show-servers';
COMMENT ON COLUMN dbops.backup_repositories.age IS 'How old it is what is told here: time since its backups were last listed';
COMMENT ON COLUMN dbops.backup_repositories.read_on IS
    'here: by the commands of this server; primary: on a standby without dbops.backup_command, by those of its primary, as far as its WAL is replayed';
COMMENT ON COLUMN dbops.backup_repositories.stale IS 'The last run of the command failed';
REVOKE ALL ON dbops.backup_repositories FROM PUBLIC;
GRANT SELECT ON dbops.backup_repositories TO pg_monitor;
