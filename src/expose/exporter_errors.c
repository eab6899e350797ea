/*
 * expose/exporter_errors.c
 *		Errors by the names that public alerting rules have for them; see exporter_errors.h.
 */
#include "postgres.h"

#include "expose/exporter_errors.h"
#include "track/errors.h"

typedef struct ErrorType
{
	const char *name;
	int sqlerrcode; /* 0: any of the kind */
	ErrorKind kind;
} ErrorType;

/* By the names of appendix A of PostgreSQL's documentation, or of what sent the cancel. */
static const ErrorType types[] = {
    {"statement_timeout", 0, ERROR_KIND_STATEMENT_TIMEOUT},
    {"lock_timeout", 0, ERROR_KIND_LOCK_TIMEOUT},
    {"query_canceled", 0, ERROR_KIND_CANCEL},
    {"deadlock_detected", ERRCODE_T_R_DEADLOCK_DETECTED, ERROR_KIND_PLAIN},
    {"serialization_failure", ERRCODE_T_R_SERIALIZATION_FAILURE, ERROR_KIND_PLAIN},
    {"too_many_connections", ERRCODE_TOO_MANY_CONNECTIONS, ERROR_KIND_PLAIN},
    {"out_of_memory", ERRCODE_OUT_OF_MEMORY, ERROR_KIND_PLAIN},
    {"disk_full", ERRCODE_DISK_FULL, ERROR_KIND_PLAIN},
    {"data_corrupted", ERRCODE_DATA_CORRUPTED, ERROR_KIND_PLAIN},
    {"index_corrupted", ERRCODE_INDEX_CORRUPTED, ERROR_KIND_PLAIN},
};

static bool
is_of_type(const ErrorCopy *error, const ErrorType *type)
{
	return error->kind == type->kind &&
	       (type->sqlerrcode == 0 || type->sqlerrcode == error->sqlerrcode);
}

void
dbops_exporter_errors(Exposition *exposition)
{
	int64 counts[lengthof(types)] = {0};
	uint32 position = 0;
	ErrorCopy error;

	while (dbops_errors_next(&position, &error))
	{
		for (int i = 0; i < lengthof(types); i++)
			counts[i] += is_of_type(&error, &types[i]) ? error.count : 0;
	}
	dbops_exposition_metric(exposition, "postgresql_errors_total", EXPOSED_COUNTER,
	                        "Failures by type, whether they were logged or not");
	for (int i = 0; i < lengthof(types); i++)
	{
		StringInfoData labels;

		initStringInfo(&labels);
		dbops_exposition_label(&labels, "type", types[i].name);
		dbops_exposition_integer(exposition, &labels, counts[i]);
	}
	dbops_exposition_metric(exposition, "pg_stat_ssl_compression", EXPOSED_GAUGE,
	                        "Sessions with TLS compression: none, as no server has it from 14 on");
	dbops_exposition_integer(exposition, NULL, 0);
}
