/*
 * store/repositories.c
 *		What the commands of dbops.backup_command told; see repositories.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/spi.h"
#include "store/repositories.h"

static const char command_query[] =
    "INSERT INTO dbops.backup_command AS c (position, program, tool, ran_at, read_at, took_ms,\n"
    "        sqlstate, error, failures, failing_since)\n"
    "VALUES ($1, $2, $3, $4, CASE WHEN $6 IS NULL THEN $4 END, $5, $6, $7,\n"
    "        CASE WHEN $6 IS NULL THEN 0 ELSE 1 END, CASE WHEN $6 IS NOT NULL THEN $4 END)\n"
    "ON CONFLICT (position) DO UPDATE\n"
    "SET program = excluded.program,\n"
    "    tool = coalesce(excluded.tool, CASE WHEN c.program = excluded.program THEN c.tool END),\n"
    "    ran_at = excluded.ran_at,\n"
    "    read_at = coalesce(excluded.read_at,\n"
    "        CASE WHEN c.program = excluded.program THEN c.read_at END),\n"
    "    took_ms = excluded.took_ms,\n"
    "    sqlstate = excluded.sqlstate,\n"
    "    error = excluded.error,\n"
    "    failures = CASE WHEN excluded.sqlstate IS NULL THEN 0 ELSE c.failures + 1 END,\n"
    "    failing_since = CASE WHEN excluded.sqlstate IS NOT NULL\n"
    "        THEN coalesce(c.failing_since, excluded.failing_since) END";

/*
 * Of commands that tell of the same repository, the one that lists its backups counts; what the
 * others tell is added.
 */
static const char repository_query[] =
    "INSERT INTO dbops.backup_repository AS r (tool, server, name, position, status_code, status,\n"
    "        retention, cipher, first_wal, last_wal, system_identifier, busy, backups,\n"
    "        base_backups, erroneous, failed, oldest_at, newest_at, newest_base_at, stored_bytes,\n"
    "        listed_at, read_at)\n"
    "VALUES ($1, $2, $3, $4, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,\n"
    "        $20, $21, CASE WHEN $5 THEN $22 END, $22)\n"
    "ON CONFLICT (tool, server, name) DO UPDATE\n"
    "SET position = CASE WHEN $5 OR r.listed_at IS NULL THEN excluded.position\n"
    "        ELSE r.position END,\n"
    "    status_code = coalesce(excluded.status_code, r.status_code),\n"
    "    status = CASE WHEN excluded.status_code IS NULL THEN r.status ELSE excluded.status END,\n"
    "    retention = coalesce(excluded.retention, r.retention),\n"
    "    cipher = CASE WHEN $5 THEN excluded.cipher ELSE coalesce(excluded.cipher, r.cipher) END,\n"
    "    first_wal = coalesce(excluded.first_wal, r.first_wal),\n"
    "    last_wal = coalesce(excluded.last_wal, r.last_wal),\n"
    "    system_identifier = coalesce(excluded.system_identifier, r.system_identifier),\n"
    "    busy = coalesce(excluded.busy, r.busy),\n"
    "    backups = coalesce(excluded.backups, r.backups),\n"
    "    base_backups = coalesce(excluded.base_backups, r.base_backups),\n"
    "    erroneous = coalesce(excluded.erroneous, r.erroneous),\n"
    "    failed = coalesce(excluded.failed, r.failed),\n"
    "    oldest_at = CASE WHEN $5 THEN excluded.oldest_at ELSE r.oldest_at END,\n"
    "    newest_at = CASE WHEN $5 THEN excluded.newest_at ELSE r.newest_at END,\n"
    "    newest_base_at = CASE WHEN $5 THEN excluded.newest_base_at ELSE r.newest_base_at END,\n"
    "    stored_bytes = coalesce(excluded.stored_bytes, r.stored_bytes),\n"
    "    listed_at = coalesce(excluded.listed_at, r.listed_at),\n"
    "    read_at = excluded.read_at";

static const char identifier_query[] =
    "SELECT max(system_identifier) FROM dbops.backup_repository WHERE tool = $1 AND server = $2";

static const char missing_query[] =
    "DELETE FROM dbops.backup_repository WHERE position = $1 AND read_at < $2";

static const char beyond_repositories_query[] =
    "DELETE FROM dbops.backup_repository WHERE position > $1";

static const char beyond_commands_query[] = "DELETE FROM dbops.backup_command WHERE position > $1";

static SpiValue
integer_value(int32 value, bool told)
{
	return (SpiValue){.type = INT4OID, .value = Int32GetDatum(value), .isnull = !told};
}

static SpiValue
number_value(int64 value, bool told)
{
	return (SpiValue){.type = INT8OID, .value = Int64GetDatum(value), .isnull = !told};
}

static SpiValue
boolean_value(bool value, bool told)
{
	return (SpiValue){.type = BOOLOID, .value = BoolGetDatum(value), .isnull = !told};
}

void
dbops_repositories_store_command(const BackupCommand *command)
{
	bool failed = command->sqlerrcode != 0;
	const SpiValue values[] = {
	    integer_value(command->position, true),
	    dbops_spi_text(command->program),
	    dbops_spi_text(command->tool),
	    dbops_spi_instant(command->ran_at),
	    number_value(command->took_ms, true),
	    dbops_spi_text(failed ? unpack_sql_state(command->sqlerrcode) : NULL),
	    dbops_spi_text(failed ? command->error : NULL),
	};

	(void) dbops_spi_execute(command_query, values, lengthof(values));
}

void
dbops_repositories_store(const Repository *r, TimestampTz read_at)
{
	bool judged = r->listed || r->status_code != 0;
	const SpiValue values[] = {
	    dbops_spi_text(r->tool),
	    dbops_spi_text(r->server),
	    dbops_spi_text(r->name),
	    integer_value(r->position, true),
	    boolean_value(r->listed, true),
	    integer_value(r->status_code, judged),
	    dbops_spi_text(judged ? r->status : NULL),
	    dbops_spi_text(r->retention),
	    dbops_spi_text(r->cipher),
	    dbops_spi_text(r->first_wal),
	    dbops_spi_text(r->last_wal),
	    number_value(r->system_identifier, r->system_identifier != 0),
	    boolean_value(r->busy, judged),
	    integer_value(r->backups, r->listed),
	    integer_value(r->base_backups, r->listed),
	    integer_value(r->erroneous, r->listed),
	    integer_value(r->failed, r->listed),
	    dbops_spi_instant(r->oldest_at),
	    dbops_spi_instant(r->newest_at),
	    dbops_spi_instant(r->newest_base_at),
	    number_value(r->stored_bytes, r->listed && r->stored_bytes >= 0),
	    dbops_spi_instant(read_at),
	};

	(void) dbops_spi_execute(repository_query, values, lengthof(values));
}

int64
dbops_repositories_identifier(const char *tool, const char *server)
{
	const SpiValue values[] = {dbops_spi_text(tool), dbops_spi_text(server)};
	const SpiRows *rows = dbops_spi_query_now(identifier_query, values, lengthof(values));
	bool isnull;
	Datum value = dbops_spi_cell(rows, 0, 0, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

void
dbops_repositories_forget_missing(int position, TimestampTz read_at)
{
	const SpiValue values[] = {integer_value(position, true), dbops_spi_instant(read_at)};

	(void) dbops_spi_execute(missing_query, values, lengthof(values));
}

void
dbops_repositories_forget_beyond(int positions)
{
	const SpiValue value = integer_value(positions, true);

	(void) dbops_spi_execute(beyond_repositories_query, &value, 1);
	(void) dbops_spi_execute(beyond_commands_query, &value, 1);
}
