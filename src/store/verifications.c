/*
 * store/verifications.c
 *		The ledger of verified backups; see verifications.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "core/spi.h"
#include "store/verifications.h"

static const char insert_verification[] =
    "INSERT INTO dbops.verification (path, started_at, ended_at, checksums, has_wal, files, bytes,\n"
    "       problems, first_problem, system_identifier, timeline, start_lsn)\n"
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

void
dbops_verifications_store(const Verification *v)
{
	const SpiValue values[] = {
	    {TEXTOID, CStringGetTextDatum(v->path), false},
	    {TIMESTAMPTZOID, TimestampTzGetDatum(v->started_at), false},
	    {TIMESTAMPTZOID, TimestampTzGetDatum(v->ended_at), false},
	    {BOOLOID, BoolGetDatum(v->checksums), false},
	    {BOOLOID, BoolGetDatum(v->has_wal), false},
	    {INT8OID, Int64GetDatum(v->files), false},
	    {INT8OID, Int64GetDatum(v->bytes), false},
	    {INT8OID, Int64GetDatum(v->problems), false},
	    {TEXTOID, CStringGetTextDatum(v->first_problem), v->problems == 0},
	    {INT8OID, Int64GetDatum((int64) v->system_identifier), v->system_identifier == 0},
	    {INT8OID, Int64GetDatum(v->timeline), v->timeline == 0},
	    {PG_LSNOID, LSNGetDatum(v->start_lsn), v->timeline == 0},
	};

	(void) dbops_spi_execute(insert_verification, values, lengthof(values));
}
